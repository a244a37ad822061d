import { describe, it } from 'vitest';
import { setUpSimulation } from './set-up-simulation.ts';
import { before, newIDs, plain, simpleRestores } from './simulate.ts';

const { expectNoFailure } = setUpSimulation();
const expectNoBug: typeof expectNoFailure = (seed, scenario) =>
  expectNoFailure(seed, { ...before, ...scenario });

describe('seeds that found a bug', () => {
  it('20043: compares an edit that cannot be read yet before it trusts the relay', () =>
    expectNoBug(20_043, { ...simpleRestores, locks: false, clockJumps: false }));
  it('34: keeps confirmations that the relay sent before its data loss was detected', () =>
    expectNoBug(34, plain));
  it('7: keeps content received from one of three relays before its data loss was detected', () =>
    expectNoBug(7, plain));
  it('20: detects the loss of a CoValue that has only a header', () => expectNoBug(20, plain));
  it('8: an edit that reaches a relay through another relay and device is not a fork', () =>
    expectNoBug(8, { ...plain, restores: false }));
  it('70000082: a tab that has not owed a deletion does not tell the one that does that all relays have it', () =>
    expectNoBug(70_000_082, { tabs: 4 }));
  it.each([135, 195])(
    '%i: a tab that learns of a loss from another tab does not name the storage before it in the record',
    (seed) => expectNoBug(seed, { stock: true }),
  );
  it('100006276: a promise made in doubt waits for a header that is lost while a later edit is pending', () =>
    expectNoBug(100_006_276));
  it('200000004: a map can be seen before what gave its author the right to write in it', () =>
    expectNoBug(200_000_004));
  it('240000729: what one relay has lost, another has only if it or the ledger says so', () =>
    expectNoBug(240_000_729));
  it('240000201: the content of this device’s own edits confirms nothing, although they were checked', () =>
    expectNoBug(240_000_201));
  it('230000170: what cojson drops of another tab’s content is not pending', () => expectNoBug(230_000_170));
  it('252000387: words of a stock server and of our relay at one address are of two generations', () =>
    expectNoBug(252_000_387));
  it('280006594: what was accepted while nothing was owed is questioned once it is owed again', () =>
    expectNoBug(280_006_594));
  it('280007370: an older ledger does not settle what a second relay was found to have lost since', () =>
    expectNoBug(280_007_370));
  it('330003053: a comparison leaves the latest uploads in the relay’s record', () =>
    expectNoBug(330_003_053));
  it('402001050: a deletion is not stuck because the relay refused an edit that it ended', () =>
    expectNoFailure(402_001_050));
  it('401000684: a stock relay that answers nothing after an error gets another connection', () =>
    expectNoFailure(401_000_684));
  it.each([401_001_740, 401_003_527])('%i: an item is shown whose anchor lost its place to a copy', (seed) =>
    expectNoFailure(seed),
  );
  it.each([401_003_776, 402_002_970, 411_003_568])(
    '%i: a deletion is heard after an edit of a copy was refused',
    (seed) => expectNoFailure(seed),
  );
  it.each([1100, 1245])('%i: the rest of what an earlier run of a reused session left is sent', (seed) =>
    expectNoBug(seed, { reusedIDs: true }),
  );
  it('1275: a group’s key is sealed for the spare session that holds it', () =>
    expectNoBug(1275, { reusedIDs: true }));
  it.each([104, 175])('%i: what a deleted CoValue held is not reported as not counted', (seed) =>
    expectNoFailure(seed, { ...newIDs, roles: true }),
  );
  it('90: a tab rewrites the fork that another tab of the device has deleted from the disk', () =>
    expectNoFailure(90, { ...before, copies: true }));
  it('411004110: a tab ends what it recalled of a session before another tab released it', () =>
    expectNoFailure(411_004_110));
  it('420000162: the disk keeps an edit, and never adds to it what a copy wrote in its place', () =>
    expectNoFailure(420_000_162, { copies: true }));
  it('880075: what only this device has stored is shown, although a relay has sent the CoValue unasked', () =>
    expectNoFailure(880_075, { absentAuthors: false }));
  it('472004241: a page need not know what answers at an address before anything arrives from there', () =>
    expectNoFailure(472_004_241, {}, {}));
  it('472003775: the disk is compared with what memory gets after something else of it was written', () =>
    expectNoFailure(472_003_775, {}));
  it('531000627: items are shown that two copies of a device have placed next to each other', () =>
    expectNoFailure(531_000_627, {}));
  it('502000301: a timer that was cancelled while its page was frozen does not run afterwards', () =>
    expectNoFailure(502_000_301, {}));
  it('502: an item that counts is shown behind one that does not', () =>
    expectNoFailure(502, { ...newIDs, roles: true }));
});
