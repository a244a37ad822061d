import { before } from '../simulate.ts';
import { contradiction, falseClaim, unmet, type Plant } from './plant.ts';

const diskStorage = 'test/simulation/disk-storage.ts';
const debtBook = 'src/sync/delivery/debt-book.ts';
const ledger = 'src/storage/ledger.ts';
const tabs = 'src/sync/tabs/tabs.ts';
const ladder = 'src/sync/delivery/ladder.ts';
const evidence = 'src/sync/relays/relay-evidence.ts';
const nodeRelay = 'src/sync/relays/node-relay.ts';

/** Mistakes about debts, and about the words that end them. */
export const ledgerPlants: readonly Plant[] = [
  {
    rule: 'saved',
    name: 'reports saved before the commit',
    changes: [{ file: diskStorage, from: 'queuedContent++;', to: 'queuedContent++; done?.();' }],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'RELAY-1',
    name: 'acknowledges before the commit',
    changes: [
      {
        file: 'src/relay/client/acknowledgements.ts',
        from: 'if (!claimsContent(message)) return send(message);',
        to: 'return send(message);',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T1',
    name: 'records no debts',
    changes: [
      {
        file: debtBook,
        from: 'add(owed, { id, counts, ...of });',
        to: '',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T1',
    name: 'drops an edit',
    changes: [
      {
        file: 'test/simulation/edits.ts',
        from: "current.set(key, value, dice.chance(10) ? 'trusting' : 'private');",
        to: "const way = dice.chance(10) ? 'trusting' : 'private'; if (!value.endsWith('9')) current.set(key, value, way);",
      },
    ],
    message: contradiction,
    seed: 1,
  },
  {
    rule: 'history',
    name: 'shows an earlier value again',
    changes: [
      {
        file: 'test/simulation/show-covalue.ts',
        from: 'const edit = map.lastEditAt(key);',
        to: 'const edit = [...map.editsAt(key)].length % 5 === 4 ? map.nthEditAt(key, 0) : map.lastEditAt(key);',
      },
    ],
    message: contradiction,
    seed: 1,
  },
  {
    rule: 'T1',
    name: 'compaction drops what is pending at one of several relays',
    changes: [
      {
        file: ledger,
        from: 'confirmed.size === 0 ||\n      [...confirmed].some(',
        to: 'confirmed.size === 0 ||\n      [...confirmed].every(',
      },
    ],
    message: falseClaim,
    seed: 7,
  },
  {
    rule: 'T1',
    name: 'compaction drops the debts of one CoValue',
    changes: [
      {
        file: 'src/storage/ledger/ledger-store.ts',
        from: 'debts.push(...joinDebts(open));',
        to: 'if (debts.length > 0) debts.push(...joinDebts(open));',
      },
    ],
    message: falseClaim,
    seed: 7,
  },
  {
    rule: 'T2',
    name: 'writes debts after the content',
    changes: [
      { file: 'src/sync/delivery/follow-node.ts', from: 'debts.writeDebts();\n      tabs', to: 'tabs' },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T3',
    name: 'a tab that has sent an edit ends its debt',
    changes: [
      {
        file: tabs,
        from: 'onSent(relayID, id, counts);',
        to: 'onSent(relayID, id, counts); ladder.confirmed(id, counts, relayID, true);',
      },
    ],
    message: falseClaim,
    seed: 36,
  },
  {
    rule: 'T3',
    name: "writes a tab's word as a relay's",
    changes: [
      {
        file: tabs,
        from: 'ladder.isOwn(id) ? withAuthor(theirs) : theirs, relayID, true)',
        to: 'ladder.isOwn(id) ? withAuthor(theirs) : theirs, relayID)',
      },
    ],
    message: falseClaim,
    seed: 2,
  },
  {
    rule: 'T3',
    name: "counts a relay's content as its word",
    changes: [
      {
        file: evidence,
        from: 'if (hasTaken(message)) sentByRelay.set(id, peer);',
        to: 'ladder.confirmed(id, localCounts(node, id), relayID);',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T3',
    name: 'counts sent content as confirmed',
    changes: [
      {
        file: nodeRelay,
        from: 'ladder.sent(content.id, knownCountsOfContent(content), id);',
        to: 'ladder.confirmed(content.id, knownCountsOfContent(content), id);',
      },
    ],
    message: falseClaim,
    seed: 1,
  },
  {
    rule: 'T3',
    name: "ends a deletion's debt with the debts that it ends",
    changes: [
      { file: ladder, from: 'onReleased(id, ended);', to: 'onReleased(id, { ...ended, ...deletion });' },
    ],
    message: falseClaim,
    seed: 15,
  },
  {
    rule: 'T3',
    name: 'counts any answer about a deleted CoValue as confirming the deletion',
    changes: [
      {
        file: evidence,
        from: 'reportDeletion(node, ladder, id);',
        to: `reportDeletion(node, ladder, id);
          const { header: _, ...deletion } = localCounts(node, id);
          if (getKnownCoValue(node, id)?.isDeleted) ladder.confirmed(id, deletion, relayID);`,
      },
    ],
    message: falseClaim,
    seed: 6,
  },
  {
    rule: 'T3',
    name: "counts content of this device's own sessions as confirming them",
    changes: [
      {
        file: 'src/sync/own-session-claims.ts',
        from: 'judgeContent(message);',
        to: 'judge(message.id, knownCountsOfContent(message));',
      },
    ],
    message: falseClaim,
    seed: 2,
  },
  {
    rule: 'T1',
    name: 'counts an import that cojson drops',
    changes: [
      {
        file: 'src/engine/node-events.ts',
        from: '        next(content, from);\n        report();',
        to: "        if (from === 'import') edited(content.id, knownCountsOfContent(content));\n        next(content, from);\n        report();",
      },
    ],
    message: unmet,
    seed: 118,
    scenario: { ...before, reusedIDs: true },
  },
  {
    rule: '◆ only up to what is stored',
    name: 'writes words at once, before the content that they are about',
    changes: [
      {
        file: diskStorage,
        from: "add: (facts) => queue.push({ kind: 'facts', facts }),",
        to: "add: (facts) => facts.confirmations ? disk.commit({ by: tab, pieces: [], facts: [facts], deleted: [] }) : queue.push({ kind: 'facts', facts }),",
      },
    ],
    message: falseClaim,
    seed: 2,
  },
  {
    rule: '◆ words in their generation',
    name: 'writes words of any generation',
    changes: [
      {
        file: ledger,
        from: 'return confirmations.filter(({ relayID, generation }) => generations.get(relayID) === generation);',
        to: 'return confirmations.filter(({ relayID }) => generations.has(relayID));',
      },
    ],
    message: falseClaim,
    seed: 22,
  },
];
