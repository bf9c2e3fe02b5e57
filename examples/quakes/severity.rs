//! How strong an earthquake of some magnitude is called.

use std::fmt;

/// The classes seismology uses in public; each begins at the magnitude given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Below 3: recorded, seldom felt.
    Micro,
    /// From 3: often felt, no damage.
    Minor,
    /// From 4: things rattle.
    Light,
    /// From 5: damage to weak buildings.
    Moderate,
    /// From 6: damage in populated areas.
    Strong,
    /// From 7: serious damage over a wide area.
    Major,
    /// From 8: near or total destruction.
    Great,
}

impl Severity {
    pub(crate) fn of(magnitude: f64) -> Severity {
        match magnitude {
            m if m >= 8.0 => Severity::Great,
            m if m >= 7.0 => Severity::Major,
            m if m >= 6.0 => Severity::Strong,
            m if m >= 5.0 => Severity::Moderate,
            m if m >= 4.0 => Severity::Light,
            m if m >= 3.0 => Severity::Minor,
            _ => Severity::Micro,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Severity::Micro => "micro",
            Severity::Minor => "minor",
            Severity::Light => "light",
            Severity::Moderate => "moderate",
            Severity::Strong => "strong",
            Severity::Major => "major",
            Severity::Great => "great",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Severity;

    #[test]
    fn each_class_begins_at_its_whole_magnitude() {
        let classes = [-0.8, 2.99, 3.0, 4.0, 5.0, 6.4, 7.0, 9.5].map(Severity::of);
        use Severity::*;
        assert_eq!(classes, [Micro, Micro, Minor, Light, Moderate, Strong, Major, Great]);
    }
}
