import Foundation
import Sessera
import XCTest

final class VectorTests: XCTestCase {
    func testEveryVectorHolds() throws {
        let files = try VectorFile.all()
        XCTAssertGreaterThan(files.count, 10)
        for (name, file) in files {
            for vector in file.cases {
                do {
                    try run(vector, of: file)
                } catch let wrong as Wrong {
                    XCTFail("\(name) \(vector.name) \(wrong.what)")
                }
            }
        }
    }

    private struct Wrong: Error { var what: String }

    private func run(_ vector: VectorCase, of file: VectorFile) throws {
        let clock = ManualClock()
        let sessions = try Sessions(
            issuer: file.issuer, audience: file.audience, keyring: .fromJwks(text: file.keys),
            policy: policy(vector.policy), store: vector.store == false ? nil : .memory(), clock: clock,
            sealed: vector.sealed == true)
        for (nth, step) in vector.steps.enumerated() {
            clock.set(step.now ?? 0)
            var ledTo: Outcome
            do {
                ledTo = try take(step, with: sessions)
            } catch let error as SessionError {
                ledTo = Outcome(code: error.code)
            }
            // What is random is not stated, and where only the outcome counts, no session is.
            if step.expect.token == nil { ledTo.token = nil }
            if step.expect.session == nil { ledTo.session = nil }
            if step.expect.session?.id == nil { ledTo.session?.id = nil }
            guard ledTo == step.expect else {
                throw Wrong(what: "step \(nth + 1): expected \(step.expect)\nbut it led to \(ledTo)")
            }
        }
    }

    private func take(_ step: VectorStep, with sessions: Sessions) throws -> Outcome {
        let (token, with) = (step.token ?? "", step.with ?? VectorArguments())
        let client = Client(
            ip: step.client?.ip, userAgent: step.client?.user_agent, device: step.client?.device, key: step.client?.key,
            waited: step.client?.waited.map { Duration.milliseconds($0) })
        func claims() -> [String: JSONValue]? {
            if case .object(let claims) = with.claims { claims } else { nil }
        }
        switch step.do {
        case "issue":
            let login = try NewSession(
                subject: with.subject ?? "", claims: claims() ?? [:], acr: with.acr, amr: with.amr ?? [])
            return outcome(try sessions.issue(login: login, client: client))
        case "verify": return Outcome(session: facts(try sessions.verify(token: token, client: client)))
        case "renew":
            guard let claims = claims() else { return outcome(try sessions.renew(token: token, client: client)) }
            return outcome(try sessions.renew(token: token, claims: claims, client: client))
        case "rotate": return outcome(try sessions.rotate(token: token, client: client))
        case "elevate":
            let elevation = try Elevation(claims: claims() ?? [:], acr: with.acr, amr: with.amr ?? [])
            return outcome(try sessions.elevate(token: token, elevation: elevation, client: client))
        case "end": return Outcome(text: try sessions.end(token: token).map { "\($0)" })
        case "issue_visitor":
            guard let claims = claims() else { return outcome(try sessions.issueVisitor(client: client)) }
            return outcome(try sessions.issueVisitor(claims: claims, client: client))
        case "verify_visitor":
            return Outcome(session: facts(try sessions.verifyVisitor(token: token, client: client)))
        case "renew_visitor":
            guard let claims = claims() else { return outcome(try sessions.renewVisitor(token: token, client: client)) }
            return outcome(try sessions.renewVisitor(token: token, claims: claims, client: client))
        case "revoke_session": try sessions.revokeSession(id: with.id ?? "")
        case "revoke_subject": try sessions.revokeSubject(subject: with.subject ?? "")
        case "revoke_all": try sessions.revokeAll()
        case "revoke_key": try sessions.revokeKey(kid: with.id ?? "")
        case "revoke_others": return outcome(try sessions.revokeOthers(token: token, client: client))
        case "open_jws":
            let now = Date(timeIntervalSince1970: Double(step.now ?? 0) / 1000)
            let payload = try jwsVerify(token: token, typ: with.typ ?? "", keyring: sessions.keyring(), now: now)
            return Outcome(text: String(decoding: payload, as: UTF8.self))
        case "open_jwe":
            let payload = try jweOpen(token: token, cty: with.typ ?? "", keyring: sessions.keyring())
            return Outcome(text: String(decoding: payload, as: UTF8.self))
        case "require":
            let session = try sessions.verify(token: token, client: client)
            let maxAge = with.max_age.map { Duration.seconds($0) }
            try sessions.require(
                session: session, stepUp: StepUp(maxAge: maxAge, acr: with.acrs ?? [], amr: with.amr ?? []))
        case "check_csrf":
            let session = try sessions.verify(token: token, client: client)
            let request = FetchMetadata(
                method: with.method ?? "", secFetchSite: with.sec_fetch_site, origin: with.origin,
                ownOrigins: with.own_origins ?? [], trustedOrigins: with.trusted_origins ?? [])
            try sessions.checkCsrf(session: session, request: request, token: with.csrf)
        case "read_cookie": return Outcome(text: try Cookie().read(headers: [with.text ?? ""]))
        case "set_cookie": return Outcome(text: try Cookie().setCookie(value: with.text ?? ""))
        case "client_address":
            let address = clientAddress(
                peer: with.peer ?? "", forwardedFor: with.forwarded_for ?? [], trustedHops: with.trusted_hops ?? 0)
            return Outcome(text: address)
        case "load_keys": return skipped(try Keyring.fromJwks(text: with.text ?? ""))
        case "load_public_keys": return skipped(try Keyring.fromPublicJwks(text: with.text ?? ""))
        case "load_pem":
            return Outcome(text: try Keyring.fromPem(kid: nil, text: with.text ?? "").keys().first?.kid)
        case "verify_proof":
            let request = ProofRequest(
                proof: with.text ?? "", method: with.method ?? "", url: with.url ?? "", accessToken: token)
            let now = Date(timeIntervalSince1970: Double(step.now ?? 0) / 1000)
            return Outcome(text: try DpopVerifier(settings: DpopSettings()).verify(request: request, now: now).thumbprint)
        default: throw Wrong(what: "no such call: \(step.do)")
        }
        return Outcome()
    }

    private func policy(_ stated: VectorPolicy?) throws -> Policy {
        guard let stated else { return Policy() }
        let seconds = { (span: Int?) in span.map { Duration.seconds($0) } }
        let onReuse: OnReuse? =
            switch stated.on_reuse {
            case nil: nil
            case "revoke": .revoke
            case "refuse": .refuse
            case let other?: throw Wrong(what: "no such setting: \(other)")
            }
        var binding = BindingPolicy()
        for (fact, name) in stated.binding ?? [:] {
            let modes: [String: BindingMode] = ["off": .off, "report": .report, "step_up": .stepUp, "enforce": .enforce]
            guard let mode = modes[name] else { throw Wrong(what: "no such mode: \(name)") }
            switch fact {
            case "device": binding.device = mode
            case "user_agent": binding.userAgent = mode
            case "ip": binding.ip = mode
            case "key": binding.key = mode
            default: throw Wrong(what: "no such fact: \(fact)")
            }
        }
        return Policy(
            idleTimeout: seconds(stated.idle_timeout), absoluteTimeout: seconds(stated.absolute_timeout),
            renewAfter: seconds(stated.renew_after), grace: seconds(stated.grace), leeway: seconds(stated.leeway),
            onReuse: onReuse, binding: binding)
    }

    private func skipped(_ keyring: Keyring) -> Outcome {
        let kids = keyring.skipped().compactMap(\.kid)
        return Outcome(skipped: kids.isEmpty ? nil : kids)
    }

    private func outcome(_ issued: Issued) -> Outcome {
        Outcome(token: issued.token, session: facts(issued.session))
    }

    private func facts(_ session: Session) -> Facts {
        let millis = { (instant: Date) in Int64((instant.timeIntervalSince1970 * 1000).rounded()) }
        let verdict = { (verdict: Verdict) in "\(verdict)" }
        return Facts(
            subject: session.subject, id: session.id, generation: session.generation,
            issued_at: millis(session.issuedAt), rotated_at: millis(session.rotatedAt),
            started_at: millis(session.startedAt),
            authenticated_at: millis(session.authenticatedAt), expires_at: millis(session.expiresAt),
            ends_at: millis(session.endsAt), acr: session.acr, amr: session.amr,
            claims: (try? session.claims(as: JSONValue.self)) ?? .null, superseded: session.superseded,
            renew_due: session.renewDue, rotation_due: session.rotationDue,
            binding: [
                "device": verdict(session.binding.device), "user_agent": verdict(session.binding.userAgent),
                "ip": verdict(session.binding.ip), "key": verdict(session.binding.key),
            ])
    }
}
