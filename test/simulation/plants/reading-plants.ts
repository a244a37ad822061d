import { falseClaim, unmet, type Plant } from './plant.ts';

const describeSync = 'src/sync/delivery/describe-sync.ts';
const leases = 'src/sync/tabs/leases.ts';

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
    seed: 1,
  },
  {
    rule: 'T5',
    name: 'is complete before the ledger was read',
    changes: [
      { file: 'src/sync/node-sync.ts', from: 'let isComplete = false;', to: 'let isComplete = true;' },
    ],
    message: falseClaim,
    seed: 1,
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
        from: '    if (nowMs - activeMs >= thisLeaseMs || nowMs - sinceMs >= maxLeaseMs) return false;\n',
        to: '',
      },
    ],
    message: unmet,
    seed: 2,
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
