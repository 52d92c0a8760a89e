// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "domains.circom";
include "holder_commitment.circom";

/// @title Issue
/// @notice The holder commitment and the seed tag that an issuer is shown open to one seed, which the
/// issuer never sees. docs/protocol.md section 5.
///
/// Enforces (forged-witness tests in test/circuits/issue.test.ts)
///   C1  holder = Poseidon(102, seed, blinding)
///   C2  seedTag = Poseidon(107, seed), the same seed
///   C3  session is part of the statement, so a proof serves one enrolment only
template Issue() {
    signal input session;
    signal input seed;
    signal input blinding;
    signal output holder <== HolderCommitment()(seed, blinding); // C1
    signal output seedTag <== Poseidon(2)([TAG_SEED(), seed]); // C2
    signal sessionSquared <== session * session; // C3
}
