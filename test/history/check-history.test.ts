import { describe, expect, it } from 'vitest';
import { checkHistory, describeFinding } from './check-history.ts';
import type { Edit, History, HistoryEvent, Read, Rule } from './history.ts';

const map = 'map';

/** An edit by a tab on its own device, under its own session, named by its value. */
const edit = (tab: string, name: string, more: Partial<Edit> = {}): Edit => ({
  type: 'edit',
  device: `device of ${tab}`,
  tab,
  session: `session of ${tab}`,
  coValue: map,
  name,
  key: 'title',
  ...more,
});

/** The last edit is the one that the key shows. */
const read = (tab: string, edits: readonly string[], more: Partial<Read> = {}): Read => {
  const last = edits.at(-1);
  return {
    type: 'read',
    device: `device of ${tab}`,
    tab,
    coValue: map,
    edits,
    shown: last === undefined ? {} : { title: last },
    ...more,
  };
};

const saved = (name: string): HistoryEvent => ({ type: 'saved', edit: name });
const confirmed = (name: string): HistoryEvent => ({ type: 'confirmed', edit: name });
const notCounted = (name: string): HistoryEvent => ({ type: 'notCounted', edit: name });
const killed = (tab: string): HistoryEvent => ({ type: 'ended', tab, isClean: false });
const closed = (tab: string): HistoryEvent => ({ type: 'ended', tab, isClean: true });
const restored: HistoryEvent = { type: 'restored' };
const settled: HistoryEvent = { type: 'settled' };

const rulesBrokenBy = (...history: History): readonly Rule[] => [
  ...new Set(checkHistory(history).map(({ rule }) => rule)),
];

describe('edits that are lost', () => {
  it('accepts an edit that every tab shows at the end', () => {
    expect(rulesBrokenBy(edit('A', '1'), settled, read('A', ['1']), read('B', ['1']))).toEqual([]);
  });

  it('accepts an edit that a later one overwrites', () => {
    const history = [edit('A', '1'), read('B', ['1']), edit('B', '2')];
    expect(rulesBrokenBy(...history, settled, read('A', ['1', '2']), read('B', ['1', '2']))).toEqual([]);
  });

  it('finds an edit that one tab lacks', () => {
    const broken = rulesBrokenBy(edit('A', '1'), settled, read('A', ['1']), read('B', []));
    expect(broken).toEqual(['lost', 'different at the end']);
  });

  it('finds an edit that is lost with its tab once it was reported as saved', () => {
    expect(rulesBrokenBy(edit('A', '1'), killed('A'), settled, read('B', []))).toEqual([]);
    expect(rulesBrokenBy(edit('A', '1'), saved('1'), killed('A'), settled, read('B', []))).toEqual(['lost']);
    expect(rulesBrokenBy(edit('A', '1'), closed('A'), settled, read('B', []))).toEqual(['lost']);
  });

  it('finds a confirmed edit that is lost, unless a relay lost data', () => {
    const history = [edit('A', '1'), confirmed('1'), killed('A')];
    expect(rulesBrokenBy(...history, settled, read('B', []))).toEqual(['lost']);
    expect(rulesBrokenBy(...history, restored, settled, read('B', []))).toEqual([]);
    expect(rulesBrokenBy(...history, restored, confirmed('1'), settled, read('B', []))).toEqual(['lost']);
  });

  it('accepts the absence of an edit that was reported as not counted', () => {
    expect(rulesBrokenBy(edit('A', '1'), saved('1'), notCounted('1'), settled, read('B', []))).toEqual([]);
  });

  it('finds an edit of a CoValue that nobody reads at the end', () => {
    expect(rulesBrokenBy(edit('A', '1'), read('A', ['1']), settled)).toEqual(['lost']);
  });

  it('accepts that a deletion takes the edits with it, but finds a lost deletion', () => {
    const { key: _, ...deletion } = edit('A', 'deletion', { isDeletion: true });
    const gone = (tab: string) => read(tab, [], { isDeleted: true });
    const history = [edit('B', '1'), deletion];
    expect(rulesBrokenBy(...history, settled, gone('A'), gone('B'))).toEqual([]);
    expect(rulesBrokenBy(...history, saved('deletion'), killed('A'), settled, read('B', ['1']))).toEqual([
      'lost',
    ]);
  });
});

describe('reads that go back', () => {
  const end = [settled, read('A', ['1', '2']), read('B', ['1', '2'])];

  it('finds an edit that disappears', () => {
    const history = [edit('A', '1'), edit('A', '2'), read('B', ['1', '2']), read('B', ['1'])];
    expect(rulesBrokenBy(...history, ...end)).toEqual(['went back']);
  });

  it('finds a tab that does not show its own edit', () => {
    const history = [edit('A', '1'), read('A', []), edit('A', '2')];
    expect(rulesBrokenBy(...history, ...end)).toEqual(['went back']);
  });

  it('finds an earlier value that is shown again', () => {
    const history = [edit('A', '1'), edit('B', '2'), read('C', ['1']), read('C', ['1', '2'])];
    const again = read('C', ['1', '2'], { shown: { title: '1' } });
    expect(rulesBrokenBy(...history, again, read('C', ['1', '2']), ...end)).toEqual(['went back']);
  });

  it('finds a deleted CoValue that is shown again', () => {
    const { key: _, ...deletion } = edit('B', 'deletion', { isDeletion: true });
    const broken = rulesBrokenBy(
      ...[edit('A', '1'), deletion, read('C', [], { isDeleted: true }), read('C', ['1'])],
      ...[settled, read('A', [], { isDeleted: true }), read('C', [], { isDeleted: true })],
    );
    expect(broken).toEqual(['went back']);
  });

  it('accepts that an edit disappears that does not count', () => {
    const history = [edit('A', '1'), read('B', ['1']), notCounted('1'), read('B', [])];
    expect(rulesBrokenBy(...history, settled, read('B', []))).toEqual([]);
  });

  it('accepts that a value is shown again once what replaced it does not count', () => {
    const history = [
      edit('A', '1'),
      read('B', ['1']),
      edit('C', '2'),
      read('B', ['1', '2']),
      read('B', ['1']),
    ];
    const last = [settled, read('A', ['1']), read('B', ['1'])];
    expect(rulesBrokenBy(...history, notCounted('2'), ...last)).toEqual([]);
    expect(rulesBrokenBy(...history, ...last)).toEqual(['went back', 'lost']);
  });

  it('accepts that an edit disappears and comes back only if its author knew other edits of the group', () => {
    const role = (name: string) => edit('A', name, { coValue: 'group', key: 'B' });
    const group = (tab: string, ...edits: readonly string[]) =>
      read(tab, edits, { coValue: 'group', shown: { B: edits.at(-1) ?? '' } });
    const rights = { group: 'group', edits: ['invite'] };
    const history = [role('invite'), group('B', 'invite'), edit('B', '1', { rights })];
    const here = [group('C', 'invite'), read('C', ['1'])];
    const goes = [read('C', []), read('C', ['1'])];
    const last = [settled, group('C', 'invite', 'removal', 'again'), read('C', ['1'])];
    const roles = [role('removal'), role('again'), ...last];
    expect(rulesBrokenBy(...history, ...here, group('C', 'invite', 'removal'), ...goes, ...roles)).toEqual(
      [],
    );
    expect(rulesBrokenBy(...history, ...here, ...goes, ...roles)).toEqual(['went back']);
  });
});

describe('effects before their causes', () => {
  const end = [settled, read('A', ['1', '2']), read('B', ['1', '2'])];

  it('finds an edit without an earlier one of its session', () => {
    const history = [edit('A', '1'), edit('A', '2'), read('B', ['2'])];
    expect(rulesBrokenBy(...history, ...end)).toEqual(['effect before cause']);
  });

  it('does not depend on how the events of different tabs are interleaved', () => {
    const history = [read('B', ['2']), edit('A', '1'), edit('A', '2')];
    expect(rulesBrokenBy(...history, ...end)).toEqual(['effect before cause']);
  });

  describe('of different sessions', () => {
    const [first, second] = [edit('A', '1'), edit('B', '2')];
    const whole = [...end, read('C', ['1', '2'])];

    it('finds an answer without an edit that had been confirmed before', () => {
      const history = [first, confirmed('1'), read('B', ['1']), second, read('C', ['2'])];
      expect(rulesBrokenBy(...history, ...whole)).toEqual(['effect before cause']);
    });

    it('accepts it where nothing orders the two', () => {
      const seen = [first, read('B', ['1'])];
      const accepted = [
        [...seen, second, confirmed('1'), read('C', ['2'])],
        [...seen, { type: 'attempt', edit: '2' }, confirmed('1'), second, read('C', ['2'])],
        [...seen, confirmed('1'), restored, second, read('C', ['2'])],
        [...seen, confirmed('1'), second, restored, read('C', ['2'])],
        [...seen, confirmed('1'), second, read('C', ['2'], { device: second.device })],
      ] as const;
      for (const history of accepted) expect(rulesBrokenBy(...history, ...whole)).toEqual([]);
    });
  });

  it('finds an edit without what gave its author the right', () => {
    const invite = edit('A', 'invite', { coValue: 'group', key: 'B' });
    const rights = { group: 'group', edits: ['invite'] };
    const group = (tab: string) => read(tab, ['invite'], { coValue: 'group', shown: { B: 'invite' } });
    const history = [invite, group('B'), edit('B', '1', { rights })];
    const last = [settled, group('C'), read('C', ['1'])];
    expect(rulesBrokenBy(...history, group('C'), read('C', ['1']), ...last)).toEqual([]);
    expect(rulesBrokenBy(...history, read('C', ['1']), ...last)).toEqual(['effect before cause']);
  });
});

describe('what is shown', () => {
  const history = [edit('A', '1'), read('B', ['1']), edit('B', '2')];
  const showing = (title: string) => read('A', ['1', '2'], { shown: { title } });

  it('finds an edit that is shown instead of its overwriting', () => {
    expect(rulesBrokenBy(...history, showing('2'), settled, showing('2'))).toEqual([]);
    expect(rulesBrokenBy(...history, settled, showing('1'))).toEqual(['overwritten shown']);
  });

  it('accepts either of two edits whose authors had not seen each other', () => {
    const concurrent = [edit('A', '1'), edit('B', '2'), settled];
    expect(rulesBrokenBy(...concurrent, read('C', ['1', '2']))).toEqual([]);
    expect(rulesBrokenBy(...concurrent, read('C', ['2', '1']))).toEqual([]);
    const broken = rulesBrokenBy(...concurrent, read('C', ['1', '2']), read('D', ['2', '1']));
    expect(broken).toEqual(['different at the end']);
  });

  it('finds an edit that nobody made, and one that is there twice', () => {
    const broken = (edits: readonly string[]) => rulesBrokenBy(edit('A', '1'), settled, read('A', edits));
    expect(broken(['x', '1'])).toEqual(['unknown or doubled']);
    expect(broken(['1', '1'])).toEqual(['unknown or doubled']);
  });
});

it('describes a finding by its edits, and by what its tab showed', () => {
  const history = [
    edit('A', '1'),
    edit('A', 'x', { coValue: 'other' }),
    read('B', ['1']),
    read('B', []),
    settled,
  ];
  const [finding] = checkHistory(history);
  if (!finding) throw new Error('It was not found.');
  const [title, ...events] = describeFinding(history, finding).split('\n');
  expect(title).toBe('went back: B no longer has 1 (map)');
  expect(events.map((event) => JSON.parse(event) as unknown)).toEqual([history[0], history[2], history[3]]);
});

it('refuses a history that does not end settled', () => {
  expect(() => checkHistory([edit('A', '1')])).toThrow('does not end settled');
});
