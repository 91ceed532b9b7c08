//! Keeps what a login asked of the network, so that two logins can be compared. An Action may send any number of large bodies: a
//! large one is kept as its length and digest, and what is beyond a ceiling as one digest of all.

use std::sync::{Mutex, PoisonError};

use postlogin_host::{Door, MockDoor, Remark, Request, Verdict};
use sha2::{Digest, Sha256};

/// The longest body that is kept whole.
const LONGEST_BODY: usize = 32 << 10;
/// The bytes of all requests that are kept one by one. As JSON in memory they may take a hundred times that.
const MOST_BYTES: usize = 2 << 20;
/// The cost of a request besides its texts.
const OF_REQUEST: usize = 256;

/// Keeps what is asked of the network.
pub(super) struct RequestLog {
    door: MockDoor,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    requests: Vec<Request>,
    bytes: usize,
    further: u64,
    /// The sum of the digests of further requests, whatever their order.
    digest: [u64; 4],
}

impl RequestLog {
    pub(super) fn new(door: MockDoor) -> Self {
        Self {
            door,
            kept: Mutex::default(),
        }
    }

    /// Returns the requests so far, and forgets them. The last one may stand for all that found no place.
    pub(super) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner)).finish()
    }
}

impl Kept {
    fn note(&mut self, request: &Request) {
        let texts = request.headers.iter();
        let headers: usize = texts.map(|(name, value)| name.len() + value.len()).sum();
        let body = request.body.len().min(LONGEST_BODY);
        let bytes = OF_REQUEST + request.method.len() + request.url.len() + headers + body;
        if self.bytes + bytes > MOST_BYTES {
            self.further += 1;
            let digest = digest(request);
            for (sum, part) in self.digest.iter_mut().zip(digest.as_chunks::<8>().0) {
                *sum = sum.wrapping_add(u64::from_be_bytes(*part));
            }
            return;
        }
        self.bytes += bytes;
        let body = match request.body.len() > LONGEST_BODY {
            true => {
                let digest: [u8; 32] = Sha256::digest(&request.body).into();
                let length = request.body.len();
                format!("({length} bytes, SHA-256 {})", hexadecimal(&digest)).into_bytes()
            }
            false => request.body.clone(),
        };
        self.requests.push(Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body,
        });
    }

    fn finish(mut self) -> Vec<Request> {
        if self.further > 0 {
            let digest: Vec<u8> = self
                .digest
                .iter()
                .flat_map(|part| part.to_be_bytes())
                .collect();
            self.requests.push(Request {
                method: "further".into(),
                url: "requests".into(),
                headers: Vec::new(),
                body: format!(
                    "({} requests, digest {})",
                    self.further,
                    hexadecimal(&digest)
                )
                .into_bytes(),
            });
        }
        self.requests
    }
}

/// Of all parts, each with its length, so that none runs into the next.
fn digest(request: &Request) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut part = |part: &[u8]| {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    };
    part(request.method.as_bytes());
    part(request.url.as_bytes());
    part(&request.body);
    for (name, value) in &request.headers {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    digest.finalize().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Door for RequestLog {
    fn send(&self, request: &Request) -> Verdict {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(request);
        self.door.send(request)
    }

    fn has_mock(&self, request: &Request) -> bool {
        self.door.has_mock(request)
    }

    fn progress(&self) -> Vec<u32> {
        self.door.progress()
    }

    fn is_recorded(&self, mock: usize) -> bool {
        self.door.is_recorded(mock)
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bodies: &[Vec<u8>]) -> Vec<Request> {
        let log = RequestLog::new(MockDoor::new(Vec::new()));
        for body in bodies {
            log.send(&Request {
                method: "POST".into(),
                url: "https://x.example/".into(),
                headers: Vec::new(),
                body: body.clone(),
            });
        }
        log.take()
    }

    fn bodies(requests: &[Request]) -> Vec<String> {
        let bodies = requests.iter().map(|request| &request.body);
        bodies
            .map(|body| String::from_utf8_lossy(body).into_owned())
            .collect()
    }

    #[test]
    fn large_bodies_are_kept_as_their_digest() {
        // The digest of a million letters `a`: <https://www.di-mgt.com.au/sha_testvectors.html>.
        let requests = kept(&[b"small".to_vec(), vec![b'a'; 1_000_000]]);
        assert_eq!(
            bodies(&requests),
            [
                "small",
                "(1000000 bytes, SHA-256 cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0)",
            ]
        );
    }

    #[test]
    fn what_is_beyond_the_ceiling_is_compared_in_any_order() {
        let many: Vec<Vec<u8>> = (0..1_000_u32)
            .map(|n| n.to_string().repeat(4_000).into_bytes())
            .collect();
        let requests = kept(&many);
        let size: usize = requests.iter().map(|request| request.body.len()).sum();
        assert!(size <= MOST_BYTES && requests.len() < 1_000);
        let last = |requests: &[Request]| bodies(requests).pop().expect("a request");
        let expected = format!("({} requests, digest ", 1_001 - requests.len());
        assert!(
            last(&requests).starts_with(&expected),
            "{}",
            last(&requests)
        );
        let mut turned = many.clone();
        turned.get_mut(500..).expect("a thousand").reverse();
        assert_eq!(last(&kept(&turned)), last(&requests));
        turned.get_mut(999).expect("a thousand").push(b'x');
        assert_ne!(last(&kept(&turned)), last(&requests));
    }
}
