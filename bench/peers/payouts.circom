// Pro-rata payouts from committed contributions, as a circom circuit for comparison with zkpay (Groth16, BN254).
//
// Proved, for N contributions of A accounts, N and A powers of two:
// - the contributions (account, kind, quantity, quality, salt) are the leaves of a Poseidon tree with the output root;
// - points = weight[kind] * quantity * quality // 10000, every field in its range;
// - every account's score is the sum of the points of exactly its contributions, and no account stands twice;
// - payout = pool * score // total(score) for every account; paid is the sum of all payouts and at most the pool;
// - (account, payout, salt) of all accounts are the leaves of a Poseidon tree with the output payout root.
//
// Not proved, though zkpay proves it: uniqueness of fingerprints, rejected contributions and their reasons, numbers of
// contributions by account, counts that are no powers of two, formulas other than this one. Besides, Groth16 needs a
// trusted set-up for each circuit, that is for each N, A and policy.
//
// Contributions are matched with a list that is sorted by account, and the ends of its groups with the list of
// accounts, by products at points that are hashes of everything that is compared: soundness error about N / 2^254.

pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";

// Root of a binary tree over 2^depth leaves.
template TreeRoot(depth) {
    var count = 1 << depth;
    signal input leaf[count];
    signal output root;
    signal level[2 * count];
    component node[count];
    for (var i = 0; i < count; i++) {
        level[count + i] <== leaf[i];
    }
    level[0] <== 0;
    for (var i = count - 1; i >= 1; i--) {
        node[i] = Poseidon(2);
        node[i].inputs[0] <== level[2 * i];
        node[i].inputs[1] <== level[2 * i + 1];
        level[i] <== node[i].out;
    }
    root <== level[1];
}

// One digest of a list of pairs.
template ListDigest(count) {
    signal input a[count];
    signal input b[count];
    signal output out;
    component step[count];
    signal chain[count + 1];
    chain[0] <== 0;
    for (var i = 0; i < count; i++) {
        step[i] = Poseidon(3);
        step[i].inputs[0] <== chain[i];
        step[i].inputs[1] <== a[i];
        step[i].inputs[2] <== b[i];
        chain[i + 1] <== step[i].out;
    }
    out <== chain[count];
}

// weight[kind] * quantity * quality // 10000, with kind in 0..3, quantity below 2^30 and quality at most 10000.
template Points() {
    signal input kind;
    signal input quantity;
    signal input quality;
    signal output out;

    component kindBits = Num2Bits(2);
    kindBits.in <== kind;
    component quantityBits = Num2Bits(30);
    quantityBits.in <== quantity;
    component qualityBits = Num2Bits(14);
    qualityBits.in <== quality;
    component qualityBound = LessEqThan(14);
    qualityBound.in[0] <== quality;
    qualityBound.in[1] <== 10000;
    qualityBound.out === 1;

    // Weights 3, 5, 40, 1 of kinds 0, 1, 2, 3 by the bits of the kind.
    signal both;
    both <== kindBits.out[0] * kindBits.out[1];
    signal weight;
    weight <== 3 + 2 * kindBits.out[0] + 37 * kindBits.out[1] - 41 * both;

    signal amount;
    amount <== weight * quantity;
    signal product;
    product <== amount * quality;
    signal remainder;
    out <-- product \ 10000;
    remainder <-- product % 10000;
    product === out * 10000 + remainder;
    component outBits = Num2Bits(50);
    outBits.in <== out;
    component remainderBits = Num2Bits(14);
    remainderBits.in <== remainder;
    component remainderBound = LessThan(14);
    remainderBound.in[0] <== remainder;
    remainderBound.in[1] <== 10000;
    remainderBound.out === 1;
}

// pool * score // total, for a pool below 2^90 and a total from 1 to below 2^64.
template Share() {
    signal input pool;
    signal input score;
    signal input total;
    signal output out;
    signal remainder;
    signal product;
    product <== pool * score;
    out <-- product \ total;
    remainder <-- product % total;
    product === out * total + remainder;
    component outBits = Num2Bits(90);
    outBits.in <== out;
    component remainderBits = Num2Bits(64);
    remainderBits.in <== remainder;
    component bound = LessThan(64);
    bound.in[0] <== remainder;
    bound.in[1] <== total;
    bound.out === 1;
}

template Payouts(logRecords, logAccounts) {
    var records = 1 << logRecords;
    var accounts = 1 << logAccounts;

    signal input pool;
    signal input account[records];
    signal input kind[records];
    signal input quantity[records];
    signal input quality[records];
    signal input salt[records];
    // The same contributions' points, sorted by account.
    signal input sortedAccount[records];
    signal input sortedPoints[records];
    // All accounts, ascending.
    signal input paidAccount[accounts];
    signal input score[accounts];
    signal input payoutSalt[accounts];

    signal output contributionRoot;
    signal output payoutRoot;
    signal output total;
    signal output paid;

    // 1. Leaves and points of all contributions.
    component points[records];
    component leaf[records];
    component accountBits[records];
    component tree = TreeRoot(logRecords);
    for (var i = 0; i < records; i++) {
        points[i] = Points();
        points[i].kind <== kind[i];
        points[i].quantity <== quantity[i];
        points[i].quality <== quality[i];
        leaf[i] = Poseidon(3);
        leaf[i].inputs[0] <== account[i];
        leaf[i].inputs[1] <== kind[i] + 4 * quantity[i] + (1 << 32) * quality[i];
        leaf[i].inputs[2] <== salt[i];
        tree.leaf[i] <== leaf[i].out;
        accountBits[i] = Num2Bits(160);
        accountBits[i].in <== account[i];
    }
    contributionRoot <== tree.root;

    // 2. Sorted by account: groups, and the sum within each group up to here.
    component ordered[records];
    component same[records];
    signal isNew[records];
    signal carried[records];
    signal running[records];
    signal number[records];
    isNew[0] <== 1;
    carried[0] <== 0;
    running[0] <== sortedPoints[0];
    number[0] <== 0;
    for (var i = 1; i < records; i++) {
        // Both have at most 160 bits, being among the contributions' accounts.
        ordered[i] = LessEqThan(160);
        ordered[i].in[0] <== sortedAccount[i - 1];
        ordered[i].in[1] <== sortedAccount[i];
        ordered[i].out === 1;
        same[i] = IsEqual();
        same[i].in[0] <== sortedAccount[i - 1];
        same[i].in[1] <== sortedAccount[i];
        isNew[i] <== 1 - same[i].out;
        carried[i] <== same[i].out * running[i - 1];
        running[i] <== sortedPoints[i] + carried[i];
        number[i] <== number[i - 1] + isNew[i];
    }
    number[records - 1] === accounts - 1;

    // 3. Points of the comparison, after everything that is compared.
    component sortedDigest = ListDigest(records);
    for (var i = 0; i < records; i++) {
        sortedDigest.a[i] <== sortedAccount[i];
        sortedDigest.b[i] <== sortedPoints[i];
    }
    component scoreDigest = ListDigest(accounts);
    for (var a = 0; a < accounts; a++) {
        scoreDigest.a[a] <== paidAccount[a];
        scoreDigest.b[a] <== score[a];
    }
    component point[2];
    for (var k = 0; k < 2; k++) {
        point[k] = Poseidon(4);
        point[k].inputs[0] <== contributionRoot;
        point[k].inputs[1] <== sortedDigest.out;
        point[k].inputs[2] <== scoreDigest.out;
        point[k].inputs[3] <== k;
    }
    signal beta;
    beta <== point[0].out;
    signal gamma;
    gamma <== point[1].out;
    signal betaSquared;
    betaSquared <== beta * beta;

    // 4. The sorted list has the contributions' accounts and points.
    signal ownTerm[records];
    signal sortedTerm[records];
    signal ownProduct[records + 1];
    signal sortedProduct[records + 1];
    ownProduct[0] <== 1;
    sortedProduct[0] <== 1;
    for (var i = 0; i < records; i++) {
        ownTerm[i] <== beta * points[i].out;
        ownProduct[i + 1] <== ownProduct[i] * (gamma + account[i] + ownTerm[i]);
        sortedTerm[i] <== beta * sortedPoints[i];
        sortedProduct[i + 1] <== sortedProduct[i] * (gamma + sortedAccount[i] + sortedTerm[i]);
    }
    ownProduct[records] === sortedProduct[records];

    // 5. The groups' last rows are the accounts with their scores, in order.
    signal groupAccount[records];
    signal groupScore[records];
    signal groupTerm[records];
    signal groupProduct[records + 1];
    signal isLast[records];
    groupProduct[0] <== 1;
    for (var i = 0; i < records; i++) {
        isLast[i] <== i == records - 1 ? 1 : isNew[i + 1];
        groupAccount[i] <== beta * sortedAccount[i];
        groupScore[i] <== betaSquared * running[i];
        groupTerm[i] <== isLast[i] * (gamma + number[i] + groupAccount[i] + groupScore[i] - 1);
        groupProduct[i + 1] <== groupProduct[i] * (groupTerm[i] + 1);
    }
    signal paidTerm[accounts];
    signal paidScore[accounts];
    signal paidProduct[accounts + 1];
    paidProduct[0] <== 1;
    for (var a = 0; a < accounts; a++) {
        paidTerm[a] <== beta * paidAccount[a];
        paidScore[a] <== betaSquared * score[a];
        paidProduct[a + 1] <== paidProduct[a] * (gamma + a + paidTerm[a] + paidScore[a]);
    }
    paidProduct[accounts] === groupProduct[records];

    // 6. Payouts and their tree.
    var scores = 0;
    for (var a = 0; a < accounts; a++) {
        scores += score[a];
    }
    total <== scores;
    component totalBits = Num2Bits(64);
    totalBits.in <== total;
    component poolBits = Num2Bits(90);
    poolBits.in <== pool;
    component share[accounts];
    component payoutLeaf[accounts];
    component payoutTree = TreeRoot(logAccounts);
    var payouts = 0;
    for (var a = 0; a < accounts; a++) {
        share[a] = Share();
        share[a].pool <== pool;
        share[a].score <== score[a];
        share[a].total <== total;
        payouts += share[a].out;
        payoutLeaf[a] = Poseidon(3);
        payoutLeaf[a].inputs[0] <== paidAccount[a];
        payoutLeaf[a].inputs[1] <== share[a].out;
        payoutLeaf[a].inputs[2] <== payoutSalt[a];
        payoutTree.leaf[a] <== payoutLeaf[a].out;
    }
    paid <== payouts;
    payoutRoot <== payoutTree.root;
    component paidBound = LessEqThan(100);
    paidBound.in[0] <== paid;
    paidBound.in[1] <== pool;
    paidBound.out === 1;
}
