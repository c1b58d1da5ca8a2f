//! The boot a state belongs to: the kernel's id as text and as bytes.

/// Where the kernel has the id, as 36 characters and a line feed.
pub const BOOT_ID_PATH: &core::ffi::CStr = c"/proc/sys/kernel/random/boot_id";

/// The id of a text such as `1b4e28ba-2fa1-11d2-883f-0016d3cca427`: 32 hexadecimal digits; dashes
/// and white space are passed over. None if it is anything else.
pub fn parse_boot_id(text: &[u8]) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    let mut digits = 0;
    for character in text.iter().filter(|byte| !matches!(byte, b'-' | b'\n' | b' ')) {
        let value = char::from(*character).to_digit(16)?;
        let byte = id.get_mut(digits / 2)?;
        *byte = (*byte << 4) | u8::try_from(value).ok()?;
        digits += 1;
    }
    (digits == 32).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::parse_boot_id;

    #[test]
    fn the_kernels_text_is_an_id() {
        let id = parse_boot_id(b"1b4e28ba-2fa1-11d2-883f-0016d3cca427\n").expect("an id");
        assert_eq!(id[..4], [0x1b, 0x4e, 0x28, 0xba]);
        assert_eq!(id[15], 0x27);
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "1b4e", "1b4e28ba-2fa1-11d2-883f-0016d3cca4270", "xb4e28ba-2fa1-11d2-883f-0016d3cca427"]
        {
            assert_eq!(parse_boot_id(text.as_bytes()), None, "{text}");
        }
    }
}
