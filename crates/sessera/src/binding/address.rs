//! The client's network, and which address is the client's.

use std::fmt;
use std::net::IpAddr;

/// The network of an address, as the few bytes that are bound: the IP version, the number of bits, and the
/// address with the bits behind them cleared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrefix {
    bytes: [u8; Self::IPV6],
    length: usize,
}

impl AddressPrefix {
    const IPV4: usize = 2 + 4;
    const IPV6: usize = 2 + 16;

    /// The network of `address`: its first `ipv4_bits` or `ipv6_bits`, or all where that is more than it has.
    /// `::ffff:a.b.c.d` is the IPv4 address.
    pub fn of(address: IpAddr, ipv4_bits: u8, ipv6_bits: u8) -> Self {
        let mut bytes = [0; Self::IPV6];
        let length = match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = ipv4_bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                bytes[..2].copy_from_slice(&[4, bits]);
                bytes[2..Self::IPV4].copy_from_slice(&(address.to_bits() & mask).to_be_bytes());
                Self::IPV4
            }
            IpAddr::V6(address) => {
                let bits = ipv6_bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                bytes[..2].copy_from_slice(&[6, bits]);
                bytes[2..].copy_from_slice(&(address.to_bits() & mask).to_be_bytes());
                Self::IPV6
            }
        };
        Self { bytes, length }
    }

    /// 6 bytes for IPv4, 18 for IPv6: no two networks have the same.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Says nothing of the address: it is personal data.
impl fmt::Debug for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressPrefix(IPv{}/{})", self.bytes[0], self.bytes[1])
    }
}

/// Parses an address as servers and proxies write it: with or without a port, IPv6 with or without brackets.
///
/// `203.0.113.7`, `203.0.113.7:50123`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:443` are addresses, with
/// spaces around them or without. A zone, a host name or anything else: none. An IPv4-mapped address is given as
/// IPv4.
///
/// ```
/// use sessera::binding::parse_address;
///
/// assert_eq!(parse_address("203.0.113.7:50123"), "203.0.113.7".parse().ok());
/// assert_eq!(parse_address("[2001:db8::1]:443"), "2001:db8::1".parse().ok());
/// ```
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
            return None;
        }
        IpAddr::V6(address.parse().ok()?)
    } else if let Ok(address) = text.parse() {
        address
    } else {
        // IPv4 only: without brackets, the port of an IPv6 address looks like its last group.
        let (address, _) = text.rsplit_once(':').filter(|(_, port)| is_port(port))?;
        IpAddr::V4(address.parse().ok()?)
    };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// The client's address, or none where it is not known for certain.
///
/// With no trusted hop it is the peer's, and `X-Forwarded-For` is what anyone may have written. With `k`
/// trusted hops (our own proxies, the peer included) it is the `k`-th entry from the right, because each
/// proxy appends the address it was called from; what stands to the left of it is the client's own word.
/// Empty entries do not count (RFC 9110, section 5.6.1). Fewer entries, or one that is no address: none. An
/// entry may have a port, as [`parse_address`] says.
///
/// `forwarded_for` holds the values of all `X-Forwarded-For` headers, in their order.
///
/// ```
/// use sessera::binding::client_address;
///
/// let proxy = "10.0.0.1".parse().unwrap();
/// let address = client_address(proxy, &["6.6.6.6, 203.0.113.7"], 1);
/// assert_eq!(address, "203.0.113.7".parse().ok());
/// ```
pub fn client_address(peer: IpAddr, forwarded_for: &[&str], trusted_hops: usize) -> Option<IpAddr> {
    let Some(before) = trusted_hops.checked_sub(1) else { return Some(peer.to_canonical()) };
    let entries = forwarded_for.iter().rev().flat_map(|header| header.rsplit(','));
    let mut entries = entries.filter(|entry| !entry.trim_matches([' ', '\t']).is_empty());
    parse_address(entries.nth(before)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PEER: &str = "10.0.0.1";

    fn prefix(address: &str) -> AddressPrefix {
        AddressPrefix::of(address.parse().unwrap(), 24, 64)
    }

    fn client(forwarded_for: &[&str], trusted_hops: usize) -> Option<String> {
        client_address(PEER.parse().unwrap(), forwarded_for, trusted_hops).map(|address| address.to_string())
    }

    #[test]
    fn a_network_is_24_bits_of_ipv4_and_64_of_ipv6() {
        assert_eq!(prefix("203.0.113.7").as_bytes(), [4, 24, 203, 0, 113, 0]);
        assert_eq!(prefix("203.0.113.7"), prefix("203.0.113.250"));
        assert_ne!(prefix("203.0.113.7"), prefix("203.0.112.7"));
        assert_eq!(prefix("2001:db8:1:2:3::4"), prefix("2001:db8:1:2:ffff::1"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
        assert_eq!(prefix("2001:db8:1:2:3::4").as_bytes()[..10], [6, 64, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]);
        assert_eq!(prefix("2001:db8:1:2:3::4").as_bytes()[10..], [0; 8]);
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        assert_eq!(prefix("::ffff:203.0.113.7"), prefix("203.0.113.7"));
        assert_ne!(prefix("::203.0.113.7").as_bytes()[0], 4, "an IPv4-compatible one is another address");
    }

    #[test]
    fn every_length_is_safe() {
        for bits in 0..=u8::MAX {
            let v4 = AddressPrefix::of("255.255.255.255".parse().unwrap(), bits, 64);
            let kept = u32::from_be_bytes(v4.as_bytes()[2..].try_into().unwrap()).leading_ones();
            assert_eq!(kept, u32::from(bits.min(32)));
            let v6 = AddressPrefix::of(IpAddr::from([0xFF; 16]), 24, bits);
            let kept = u128::from_be_bytes(v6.as_bytes()[2..].try_into().unwrap()).leading_ones();
            assert_eq!(kept, u32::from(bits.min(128)));
        }
    }

    #[test]
    fn the_prefix_does_not_print_the_address() {
        assert_eq!(format!("{:?}", prefix("203.0.113.7")), "AddressPrefix(IPv4/24)");
    }

    #[test]
    fn an_untrusted_peers_header_is_ignored() {
        assert_eq!(client(&["6.6.6.6"], 0).unwrap(), PEER);
        assert_eq!(client(&[], 0).unwrap(), PEER);
        let mapped = client_address("::ffff:10.0.0.1".parse().unwrap(), &[], 0).unwrap();
        assert_eq!(mapped.to_string(), PEER);
    }

    #[test]
    fn k_trusted_hops_take_the_kth_entry_from_the_right() {
        let header = ["6.6.6.6, 203.0.113.7,198.51.100.2"];
        assert_eq!(client(&header, 1).unwrap(), "198.51.100.2");
        assert_eq!(client(&header, 2).unwrap(), "203.0.113.7");
        assert_eq!(client(&header, 3).unwrap(), "6.6.6.6");
        assert_eq!(client(&header, 4), None);
        assert_eq!(client(&header, usize::MAX), None);
        assert_eq!(client(&[], 1), None);
    }

    #[test]
    fn several_headers_are_one_list() {
        let headers = ["6.6.6.6", "203.0.113.7, 198.51.100.2"];
        assert_eq!(client(&headers, 1).unwrap(), "198.51.100.2");
        assert_eq!(client(&headers, 3).unwrap(), "6.6.6.6");
    }

    #[test]
    fn empty_entries_do_not_count() {
        assert_eq!(client(&["203.0.113.7", ""], 1).unwrap(), "203.0.113.7");
        assert_eq!(client(&["6.6.6.6,, 203.0.113.7 ,\t, 198.51.100.2, "], 2).unwrap(), "203.0.113.7");
        assert_eq!(client(&["203.0.113.7,"], 2), None);
        assert_eq!(client(&["", ",,", " , "], 1), None);
    }

    #[test]
    fn a_port_and_brackets_are_taken_off() {
        for (entry, address) in [
            ("203.0.113.7:50123", "203.0.113.7"),
            ("203.0.113.7:0", "203.0.113.7"),
            ("[2001:db8::1]", "2001:db8::1"),
            (" [2001:db8::1]:443 ", "2001:db8::1"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("2001:db8::1:443", "2001:db8::1:443"),
        ] {
            assert_eq!(parse_address(entry).unwrap().to_string(), address, "{entry:?}");
            assert_eq!(client(&[&format!("6.6.6.6, {entry}")], 1).unwrap(), address, "{entry:?}");
        }
    }

    #[test]
    fn a_zone_a_name_or_junk_is_unknown() {
        for entry in [
            "fe80::1%eth0",
            "fe80::1%1",
            "[fe80::1%1]:80",
            "203.0.113.7:",
            "203.0.113.7:+80",
            "203.0.113.7:65536",
            "203.0.113.7:http",
            "203.0.113.7: 80",
            "[203.0.113.7]:80",
            "[2001:db8::1]80",
            "[2001:db8::1]:",
            "[2001:db8::1",
            "2001:db8::1]:80",
            "[[2001:db8::1]]",
            "localhost:80",
            "unix:",
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.07",
            "0xcb.0.113.7",
            "3405803783",
            "203.0.113.7/24",
            "203.0.113.256",
            "203.0.113.7 203.0.113.8",
            "\"203.0.113.7\"",
            "203.0.113.7\0",
            "2001:db8::1::2",
            "١.1.1.1",
        ] {
            assert_eq!(client(&[&format!("203.0.113.9, {entry}")], 1), None, "{entry:?}");
        }
    }

    #[test]
    fn space_around_an_entry_and_ipv4_in_ipv6_are_normalised() {
        assert_eq!(client(&["6.6.6.6,\t ::ffff:203.0.113.7 "], 1).unwrap(), "203.0.113.7");
        assert_eq!(client(&["2001:DB8:0::1"], 1).unwrap(), "2001:db8::1");
    }

    proptest! {
        #[test]
        fn what_the_client_writes_to_the_left_never_changes_the_answer(
            written in proptest::collection::vec(".{0,40}", 0..4), hops in 1_usize..3,
        ) {
            let appended = "203.0.113.7, 198.51.100.2";
            let alone = client(&[appended], hops);
            let joined = [written.join(","), appended.to_owned()].join(",");
            prop_assert_eq!(client(&[&joined], hops), alone.clone());
            let mut split: Vec<&str> = written.iter().map(String::as_str).collect();
            split.push(appended);
            prop_assert_eq!(client(&split, hops), alone);
        }
    }
}
