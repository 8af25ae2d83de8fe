//! What people write back to be left alone, or written to again.

use super::Channel;

/// What a reply asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be left alone.
    Stop,
    /// To be written to again.
    Start,
}

impl Wish {
    /// What a reply asks for, if it is one of the words that the channel's people know; it must be all that the reply says.
    ///
    /// Those of SMS are the ones by which carriers and Twilio block a sender themselves
    /// (<https://help.twilio.com/articles/223134027>), so that both sides know the same.
    pub fn of(reply: &str, channel: Channel) -> Option<Self> {
        let said: String = reply.trim().chars().take(20).flat_map(char::to_uppercase).collect();
        let said = said.trim_end_matches(['.', '!']);
        let (stop, start): (&[&str], &[&str]) = match channel {
            Channel::Sms => (
                &["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
                &["START", "YES", "UNSTOP"],
            ),
            // There CANCEL and YES are answers to other questions.
            Channel::Whatsapp => (&["STOP", "UNSUBSCRIBE"], &["START", "SUBSCRIBE"]),
            Channel::Email => (&[], &[]),
        };
        if stop.contains(&said) { Some(Self::Stop) } else { start.contains(&said).then_some(Self::Start) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_words_of_a_channel_are_known_however_they_are_written() {
        for said in ["STOP", "stop", " Stop. ", "stop!", "Unsubscribe"] {
            for channel in [Channel::Sms, Channel::Whatsapp] {
                assert_eq!(Wish::of(said, channel), Some(Wish::Stop), "{said}");
            }
            assert_eq!(Wish::of(said, Channel::Email), None);
        }
        assert_eq!(Wish::of("start", Channel::Sms), Some(Wish::Start));
        assert_eq!(Wish::of("Subscribe", Channel::Whatsapp), Some(Wish::Start));
        for said in ["", "please stop", "STOP IT", "yes", "cancel", "stopp"] {
            assert_eq!(Wish::of(said, Channel::Whatsapp), None, "{said}");
        }
    }

    proptest! {
        #[test]
        fn whatever_somebody_writes_is_read_without_harm(said in ".{0,60}") {
            let wish = Wish::of(&said, Channel::Sms);
            prop_assert!(wish.is_none() || said.len() < 20);
        }
    }
}
