import type { AgentSecret, JsonValue, LocalNode, RawCoValue, RawGroup } from 'cojson';
import { attempt, type Attack } from './attack.ts';
import { attacker, give, memberOf, newSecret, type Nodes } from './nodes.ts';
import { signPrivately } from './steps.ts';

interface Malformed {
  readonly does: string;
  readonly create: (group: RawGroup) => RawCoValue;
  readonly changes: unknown;
  readonly meta?: unknown;
  readonly onStock: unknown;
  readonly onKernel: unknown;
}

const map = (group: RawGroup) => group.createMap({ a: 1 });
const list = (group: RawGroup) => group.createList(['a']);
const file = (group: RawGroup) => {
  const stream = group.createBinaryStream();
  stream.startBinaryStream({ mimeType: 'text/plain' });
  return stream;
};
const set = (key: string): JsonValue => ({ op: 'set', key, value: 1 });
const itemOf = (sessionID: string): JsonValue => ({ sessionID, txIndex: 0, changeIdx: 0 });
const throws = (message: string) => `throws ${message}`;

const cases: readonly Malformed[] = [
  {
    does: 'writes null into a map',
    create: map,
    changes: [null],
    onStock: throws('Cannot read properties of null (reading '),
    onKernel: { a: 1 },
  },
  {
    does: 'writes a number instead of changes',
    create: map,
    changes: 5,
    onStock: { a: 1 },
    onKernel: { a: 1 },
  },
  {
    does: 'sets the key `constructor`',
    create: map,
    changes: [set('constructor'), set('b')],
    onStock: throws('entries.push is not a function'),
    onKernel: { a: 1, b: 1 },
  },
  {
    does: 'sets the key `__proto__`',
    create: map,
    changes: [set('__proto__')],
    onStock: throws('entries.push is not a function'),
    onKernel: { a: 1 },
  },
  {
    does: 'gives a map’s edit a meta that is a number',
    create: map,
    changes: [set('b')],
    meta: 5,
    onStock: throws("Cannot use 'in' operator to search for '"),
    onKernel: { a: 1, b: 1 },
  },
  {
    does: 'repeats an edit at no place',
    create: map,
    changes: [set('b')],
    meta: { mi: 'x', s: 5, t: 'y' },
    onStock: { a: 1, b: 1 },
    onKernel: { a: 1, b: 1 },
  },
  {
    does: 'writes null into a list',
    create: list,
    changes: [null],
    onStock: throws('Cannot read properties of null (reading '),
    onKernel: ['a'],
  },
  {
    does: 'does something unknown to a list',
    create: list,
    changes: [{ op: 'sort' }],
    onStock: throws('Unknown list operation sort'),
    onKernel: ['a'],
  },
  {
    does: 'inserts into a list beside `__proto__`',
    create: list,
    changes: [{ op: 'app', value: 'b', after: itemOf('__proto__') }],
    onStock: ['a'],
    onKernel: ['a'],
  },
  {
    does: 'deletes `__proto__` from a list',
    create: list,
    changes: [{ op: 'del', insertion: { sessionID: '__proto__', txIndex: 'polluted', changeIdx: 0 } }],
    onStock: 'every object has it',
    onKernel: ['a'],
  },
  {
    does: 'inserts a number into a text',
    create: (group) => group.createPlainText('a'),
    changes: [{ op: 'app', value: 5, after: 'start' }],
    onStock: ['a', 5],
    onKernel: ['a'],
  },
  {
    does: 'writes null into a file',
    create: file,
    changes: [null],
    onStock: throws('Cannot read properties of null (reading '),
    onKernel: {},
  },
  {
    does: 'writes a chunk that is a number into a file',
    create: file,
    changes: [{ type: 'chunk', chunk: 5 }],
    onStock: throws('change.chunk.slice is not a function'),
    onKernel: {},
  },
];

async function run(nodes: Nodes, { create, changes, meta }: Malformed): Promise<unknown> {
  const secret = newSecret();
  const [alice, mallory] = [await nodes.honest(secret), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(mallory), 'writer');
  const value = create(group);
  give(mallory, alice, group, value);
  signPrivately(mallory, value, changes, meta);
  const read = await onNewDevice(nodes, secret, [alice, mallory], [group, value]);
  const polluted = Reflect.get({}, 'polluted') !== undefined;
  Reflect.deleteProperty(Object.prototype, 'polluted');
  return polluted ? 'every object has it' : read;
}

async function onNewDevice(
  nodes: Nodes,
  secret: AgentSecret,
  [alice, mallory]: readonly [LocalNode, LocalNode],
  [group, value]: readonly [RawGroup, RawCoValue],
): Promise<unknown> {
  const second = await nodes.honest(secret);
  give(second, alice, group);
  give(second, mallory, value);
  return attempt(() => {
    const json = second.expectCoValueLoaded(value.id).getCurrentContent().toJSON();
    return JSON.parse(JSON.stringify(json)) as unknown;
  });
}

export const withMalformedValues: readonly Attack[] = cases.map((one) => ({
  by: '[READ-1] a writer',
  does: one.does,
  run: (nodes) => run(nodes, one),
  onStock: one.onStock,
  onKernel: one.onKernel,
}));
