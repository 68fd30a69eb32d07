/* An extension that brings its own mercure_publish(), for function_exists.phpt. */
#include "php.h"

ZEND_BEGIN_ARG_INFO_EX(arginfo_mercure_publish, 0, 0, 1)
	ZEND_ARG_INFO(0, topics)
ZEND_END_ARG_INFO()

PHP_FUNCTION(mercure_publish)
{
	RETURN_STRING("published by another hub");
}

static const zend_function_entry functions[] = {
	PHP_FE(mercure_publish, arginfo_mercure_publish)
	PHP_FE_END
};

zend_module_entry other_hub_module_entry = {
	STANDARD_MODULE_HEADER, "other_hub", functions, NULL, NULL, NULL, NULL, NULL, "1.0", STANDARD_MODULE_PROPERTIES
};

ZEND_GET_MODULE(other_hub)
