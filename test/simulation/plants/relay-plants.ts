import { before } from '../simulate.ts';
import { falseClaim, type Plant } from './plant.ts';

const debtBook = 'src/sync/delivery/debt-book.ts';
const lossWatch = 'src/sync/relays/loss-watch.ts';
const nodeRelay = 'src/sync/relays/node-relay.ts';

/** Mistakes when a relay may have lost data. */
export const relayPlants: readonly Plant[] = [
  {
    rule: '◆ words with last',
    name: 'does not record the latest words',
    changes: [
      {
        file: debtBook,
        from: 'await Promise.all(latestByRelay(writable).map(([relayID, latest]) => record(relayID, latest)));',
        to: '',
      },
    ],
    message: falseClaim,
    seed: 5,
  },
  {
    rule: 'T8',
    name: 'ignores data loss at the relay',
    changes: [
      {
        file: lossWatch,
        from: 'await Promise.all([recheck(signal), Promise.race([written, overdue])]);',
        to: 'await Promise.race([written, overdue]); void recheck;',
      },
    ],
    message: falseClaim,
    seed: 7,
  },
  {
    rule: 'T8',
    name: 'does not ask about the latest words',
    changes: [
      { file: lossWatch, from: 'questions.ask(atStart, { mayBeAsked: true });', to: '' },
      {
        file: lossWatch,
        from: 'questions.ask(\n      others.filter((edit) => !isAsked(edit)),\n      { mayBeAsked: false },\n    );',
        to: 'void isAsked;',
      },
    ],
    message: falseClaim,
    seed: 16,
  },
  {
    rule: 'T8',
    name: 'does not ask about the latest words of other tabs and runs',
    changes: [
      {
        file: lossWatch,
        from: 'questions.ask(\n      others.filter((edit) => !isAsked(edit)),\n      { mayBeAsked: false },\n    );',
        to: 'void isAsked;',
      },
    ],
    message: falseClaim,
    seed: 16,
  },
  {
    rule: 'T8',
    name: "keeps naming our relay's storage for what a stock server confirms",
    changes: [
      {
        file: lossWatch,
        from: 'storage: reached(), losses: knownLosses',
        to: 'storage: hello?.storage ?? remembered.storage, losses: knownLosses',
      },
      {
        file: lossWatch,
        from: 'storage: reached() ?? remembered.storage };',
        to: 'storage: hello?.storage ?? remembered.storage };',
      },
    ],
    message: falseClaim,
    seed: 7,
  },
  {
    rule: 'T8',
    name: 'begins no generation when a stock server becomes our relay, or the reverse',
    changes: [
      {
        file: lossWatch,
        from: 'findMissing(Math.max(found.losses ?? 0, knownLosses) + 1);',
        to: 'findMissing(Math.max(found.losses ?? 0, knownLosses));',
      },
      // Whoever records another storage in the same generation would begin one.
      {
        file: 'src/storage/relay-memory.ts',
        from: 'const isSplit = later === earlier && isAnotherStorage(before, storage);',
        to: 'const isSplit = later === earlier && isAnotherStorage(before, before.storage);',
      },
    ],
    message: falseClaim,
    seed: 20,
    scenario: { ...before, stock: true },
  },
  {
    rule: 'T6',
    name: "keeps our relay's promise when a stock server has taken its place",
    changes: [{ file: nodeRelay, from: '        hello = its;\n', to: '        hello = its ?? hello;\n' }],
    message: falseClaim,
    seed: 15,
  },
];
