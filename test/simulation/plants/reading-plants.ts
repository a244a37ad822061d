import { falseClaim, unmet, type Plant } from './plant.ts';

const describeSync = 'src/sync/delivery/describe-sync.ts';
const leases = 'src/sync/tabs/leases.ts';
const killedTabs = 'src/sync/tabs/killed-tabs.ts';
const silenceWatch = 'src/sync/connection/silence-watch.ts';
const leaseEnd = '    if (nowMs - activeMs >= thisLeaseMs || nowMs - sinceMs >= maxLeaseMs) return false;\n';

/** Mistakes when something cannot be read, and about promises and time. */
export const readingPlants: readonly Plant[] = [
  {
    rule: 'T4',
    name: 'takes a ledger that cannot be read for an empty one',
    changes: [
      {
        file: 'src/sync/delivery/recall.ts',
        from: 'const debts = await retry(() => readDebts(options), {',
        to: 'const debts = await retry(() => readDebts(options).catch(() => ({ byID: new Map<RawCoID, Recalled>() })), {',
      },
    ],
    message: falseClaim,
    seed: 12,
  },
  {
    rule: 'T5',
    name: 'is complete before the ledger was read',
    changes: [
      { file: 'src/sync/node-sync.ts', from: 'let isComplete = false;', to: 'let isComplete = true;' },
    ],
    message: falseClaim,
    seed: 6,
  },
  {
    rule: 'T6',
    name: 'calls durable what no hello promised in this run',
    changes: [
      {
        file: describeSync,
        from: "return rung === 'confirmed' || (isPromise(weakest(relays)) && relays.every(({ isVerified }) => isVerified));",
        to: 'return rung.length > 0;',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T7',
    name: 'never ends a lease',
    changes: [
      {
        file: leases,
        from: leaseEnd,
        to: '',
      },
    ],
    message: unmet,
    seed: 10,
  },
  {
    rule: 'T7',
    name: 'waits for killed tabs whose locks are free',
    changes: [
      { file: leases, from: leaseEnd, to: '' },
      { file: killedTabs, from: 'for (const tab of killed) others.gone(tab);', to: '' },
    ],
    message: unmet,
    seed: 13,
  },
  {
    rule: 'T7',
    name: 'does not read what killed tabs have left in the ledger',
    changes: [
      {
        file: 'src/sync/tabs/catch-up.ts',
        from: 'readDebts().then(count,',
        to: 'void count; readDebts().then(() => {},',
      },
      // Otherwise a tab must be killed between its write and its announcement.
      {
        file: 'src/sync/tabs/tabs.ts',
        from: 'if (isUnconfirmed) ladder.savedElsewhere(id, theirs);',
        to: 'void isUnconfirmed;',
      },
    ],
    message: unmet,
    seed: 24,
  },
  {
    rule: 'T11',
    name: 'measures silence by the wall clock',
    changes: [
      {
        file: silenceWatch,
        from: 'let receivedAtMs = clock.elapsedMs();',
        to: 'let receivedAtMs = clock.nowMs();',
      },
      {
        file: silenceWatch,
        from: 'const leftMs = receivedAtMs + limitMs - clock.elapsedMs();',
        to: 'const leftMs = receivedAtMs + limitMs - clock.nowMs();',
      },
      {
        file: silenceWatch,
        from: 'if (receivedAtMs + limitMs > clock.elapsedMs()) check();',
        to: 'if (receivedAtMs + limitMs > clock.nowMs()) check();',
      },
      {
        file: silenceWatch,
        from: '      receivedAtMs = clock.elapsedMs();',
        to: '      receivedAtMs = clock.nowMs();',
      },
    ],
    message: unmet,
    seed: 114,
  },
  {
    rule: 'T9',
    name: 'a write replaces what is stored of the CoValue',
    changes: [
      {
        file: 'test/simulation/device-disk.ts',
        from: 'piecesByID.set(piece.id, [...(piecesByID.get(piece.id) ?? []), piece]);',
        to: 'piecesByID.set(piece.id, [piece]);',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
];
