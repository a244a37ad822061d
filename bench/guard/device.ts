// A device of one account, in a process of its own. Arguments: what it does, how much of it, and the file of the content that
// it writes or reads. Prints the milliseconds of processor time that this took, without the start and the file.
import { readFileSync, writeFileSync } from 'node:fs';
import {
  RawGroup,
  type CojsonInternalTypes,
  type RawAccount,
  type RawAccountID,
  type RawCoMap,
} from 'cojson';
import { createRandom } from '../../test/long/seeded-random.ts';
import { openNode } from '../../test/support/engine/open-node.ts';
import { createThing } from '../harness/things.ts';

type Content = CojsonInternalTypes.NewContentMessage;

/** Each returns the processor time in milliseconds. */
const tasks: Readonly<Record<string, () => number | Promise<number>>> = {
  makeThings,
  readThings,
  makeGroups,
  readGroups,
};
const thingsPerGroup = 100;
const [task = '', size = '', file = ''] = process.argv.slice(2);
const node = await openNode(new Uint8Array(32).fill(1));
console.log(await tasks[task]?.());
process.exit();

function makeThings(): number {
  const random = createRandom(4_204);
  const tookMs = cpuMsOf(() => {
    for (let made = 0; made < Number(size); made += thingsPerGroup) {
      const group = node.createGroup();
      for (let count = 1; count < thingsPerGroup; count++) createThing(group, random);
    }
  });
  write([...node.allCoValues()].flatMap((core) => core.newContentSince(undefined) ?? []));
  return tookMs;
}

function readThings(): number {
  const contents = read();
  return cpuMsOf(() => {
    take(contents);
    for (const id of new Set(contents.map((content) => content.id))) loaded(id).toJSON();
  });
}

/** Ten groups with so many members, some of whom leave, each time with a new key for each of the others. */
async function makeGroups(): Promise<number> {
  const members: RawAccount[] = [];
  for (let index = 0; index < Number(size); index++) members.push(await meet(index));
  const groups = Array.from({ length: 10 }, () => node.createGroup());
  const tookMs = cpuMsOf(() => {
    for (const group of groups) {
      for (const [index, member] of members.entries())
        group.addMember(member, index % 10 ? 'writer' : 'admin');
      for (const member of members.slice(1, 9)) group.removeMember(member);
    }
  });
  write([...members, ...groups].flatMap(({ core }) => core.newContentSince(undefined) ?? []));
  return tookMs;
}

async function meet(index: number): Promise<RawAccount> {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, index + 1);
  const theirs = await openNode(seed);
  const { id, core } = theirs.expectCurrentAccount('to meet');
  take(core.newContentSince(undefined) ?? []);
  await theirs.gracefulShutdown();
  return loaded(id) as RawAccount;
}

function readGroups(): number {
  const contents = read();
  take(contents.filter(isAccount));
  const groups = contents.filter((content) => !isAccount(content));
  return cpuMsOf(() => {
    take(groups);
    for (const id of new Set(groups.map((content) => content.id))) {
      const group = loaded(id);
      if (!(group instanceof RawGroup)) throw new Error(`${id} is no group.`);
      group.getCurrentReadKey();
      for (const member of group.getAllMemberKeysSet()) group.roleOf(member as RawAccountID);
    }
  });
}

/** All of an account is in one message. */
function isAccount({ header }: Content): boolean {
  return header?.meta?.['type'] === 'account';
}

function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function take(contents: readonly Content[]): void {
  for (const content of contents) node.syncManager.handleNewContent(content, 'import');
}

function loaded(id: string) {
  const content = node.getLoaded(id as RawCoMap['id']);
  if (!content) throw new Error(`${id} is not here.`);
  return content;
}

function write(contents: readonly Content[]): void {
  if (file !== '') writeFileSync(file, contents.map((content) => JSON.stringify(content)).join('\n'));
}

function read(): readonly Content[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.map((line) => JSON.parse(line) as Content);
}
