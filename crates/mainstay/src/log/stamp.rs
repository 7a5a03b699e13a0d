use mainstay_kernel::Timestamp;

const MILLION: i64 = 1_000_000;

/// The time at which a line is written, in RFC 3339. Its calendar is reckoned once a second: most lines of a busy
/// server differ from the one before them by milliseconds alone.
#[derive(Default)]
pub(super) struct Stamp {
    second: Option<i64>,
    text: Vec<u8>,
}

impl Stamp {
    pub(super) fn at(&mut self, now: Timestamp) -> &[u8] {
        let (second, micros) = (now.as_micros().div_euclid(MILLION), now.as_micros().rem_euclid(MILLION));
        if self.second != Some(second) {
            self.second = Some(second);
            self.text.clear();
            now.write_rfc3339(&mut self.text);
        } else if let [.., hundreds, tens, ones, _] = self.text.as_mut_slice() {
            let millis = micros / 1000;
            (*hundreds, *tens, *ones) = (digit(millis / 100), digit(millis / 10 % 10), digit(millis % 10));
        }
        &self.text
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is one digit")]
const fn digit(number: i64) -> u8 {
    b'0' + number as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_time_whatever_it_was_before() {
        let mut stamp = Stamp::default();
        for micros in [0, 7_000, 999_999, 1_000_000, 1_001_000, 0, -1, -999_000, 1_795_000_000_123_456] {
            let now = Timestamp::from_micros(micros);
            assert_eq!(String::from_utf8_lossy(stamp.at(now)), now.to_string(), "{micros}");
        }
    }
}
