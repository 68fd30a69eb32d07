//! The PHP binding: the only place that knows ext-php-rs.
