//! Tests of the benchmark's own arithmetic: what it counts has to be right before it is fast.

#[path = "decoder.rs"]
mod decoder;
#[path = "histogram.rs"]
mod histogram;

use decoder::Decoder;
use histogram::Histogram;

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n\
    3\r\n:\n\n\r\n\
    33\r\nid: a\ndata: t=00000000000000000007 x\ndata: second\n\n\r\n\
    10\r\ndata: no stamp\n\n\r\n\
    12\r\nevent: no data\nid:\r\n2\r\n\n\n\r\n";
const CLOSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n:\n\nid: a\ndata:t=00000000000000000007\r\n\r\ndata: no stamp\n\n";

fn decode(answer: &[u8], step: usize) -> Vec<u64> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for part in answer.chunks(step) {
        assert_eq!(decoder.feed(part, &mut |sent| events.push(sent)), Ok(()));
    }
    assert!(decoder.is_open());
    events
}

#[test]
fn events_are_counted_however_the_bytes_are_cut() {
    for answer in [CHUNKED, CLOSE] {
        for step in 1..=answer.len() {
            assert_eq!(decode(answer, step), [7, 0], "{step} bytes at a time");
        }
    }
}

#[test]
fn an_answer_that_is_no_stream_is_an_error() {
    let feed = |answer: &[u8]| Decoder::new().feed(answer, &mut |_| {});
    assert!(feed(b"HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap_err().contains("401"));
    assert!(
        feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .unwrap_err()
            .contains("ended")
    );
    assert!(
        feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .unwrap_err()
            .contains("chunk size")
    );
}

#[test]
fn quantiles_are_within_one_percent() {
    let mut histogram = Histogram::new();
    assert_eq!(histogram.quantile(0.99), 0);
    for value in 1..=100_000_u64 {
        histogram.record(value * 1_000);
    }
    for (quantile, exact) in [(0.5, 50e6), (0.99, 99e6), (1.0, 100e6)] {
        let off = histogram.quantile(quantile) as f64 / exact - 1.0;
        assert!((0.0..0.01).contains(&off), "{quantile} is {off} off");
    }
    assert_eq!(histogram.largest(), 100_000_000);
    histogram.clear();
    histogram.record(u64::MAX);
    assert_eq!(histogram.quantile(0.5), u64::MAX);
    histogram.record(3);
    assert_eq!(histogram.quantile(0.5), 3);
}
