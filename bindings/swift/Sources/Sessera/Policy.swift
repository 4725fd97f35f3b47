extension Policy {
    /// NIST SP 800-63B-4 authentication assurance level 1: a login lasts at most 30 days.
    public static var aal1: Policy { policyAal1() }
    /// NIST SP 800-63B-4 authentication assurance level 2: at most 24 hours, and 1 hour without use.
    public static var aal2: Policy { policyAal2() }
    /// NIST SP 800-63B-4 authentication assurance level 3: at most 12 hours, and 15 minutes without use.
    public static var aal3: Policy { policyAal3() }

    /// How long after its issue a token is due to be renewed: by this policy, with the defaults filled in.
    public var renewInterval: Duration { policyRenewInterval(policy: self) }

    /// These rules for users who asked to be remembered for so long: their sessions last that long and have no idle
    /// timeout. Where a `rememberLimit` is set, they last no longer than that, and keep the idle timeout.
    public func rememberedFor(_ rememberFor: Duration) -> Policy {
        policyRememberedFor(policy: self, rememberFor: rememberFor)
    }
}

extension BindingPolicy {
    /// Binds nothing and looks at nothing.
    public static var off: BindingPolicy { bindingOff() }
}
