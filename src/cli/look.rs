//! How a word looks: its weight for whoever reads it, before any terminal makes colours of it.

/// What a text is to the eye. None says anything that the text does not say too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Look {
    /// As it is.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// All is well.
    Good,
    /// Worth an eye.
    Doubtful,
    /// Wrong.
    Bad,
    /// It was otherwise a moment ago.
    Changed,
}

impl Look {
    /// Of a word of STATUS or STATE.
    pub(super) fn of_state(word: &str) -> Look {
        match word {
            "OK" | "ACTIVE" => Look::Good,
            "OK INFO" | "OK WARN" | "UNKNOWN" => Look::Doubtful,
            "OK CRITICAL" | "FAIL" | "FAIL_ONLINE" | "FAIL_OFFLINE" => Look::Bad,
            _ => Look::Plain,
        }
    }

    /// Of the word of a severity.
    pub(super) fn of_severity(word: &str) -> Look {
        match word {
            "alert" | "critical" | "error" => Look::Bad,
            "warning" => Look::Doubtful,
            _ => Look::Plain,
        }
    }
}
