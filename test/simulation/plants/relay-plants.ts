import { falseClaim, type Plant } from './plant.ts';

const debtBook = 'src/sync/delivery/debt-book.ts';
const lossWatch = 'src/sync/relays/loss-watch.ts';

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
    seed: 5,
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
    seed: 7,
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
    seed: 5,
  },
  {
    rule: '◆ what was settled',
    name: 'sends content while it is in doubt what the relay has',
    changes: [
      {
        file: 'src/sync/relays/node-relay.ts',
        from: 'mayUpload: () => losses.mayUpload,',
        to: 'mayUpload: () => true,',
      },
    ],
    message: falseClaim,
    seed: 22,
  },
];
