import type { RawCoID } from 'cojson';
import { createAdmissionNode } from '../support/relay/admission-node.ts';
import { createDice, takeChanceFrom } from '../simulation/random.ts';
import { contentBeyond, knownBy, type ClientCalls, type Known, type Person } from './client-commands.ts';
import { openKernelHost, openStockHost, type ClientHost } from './client-hosts.ts';
import type { Operation, Plan, Step } from './honest-steps.ts';
import type { Shared, SharedInvite } from './shared-values.ts';
import type { Shown } from './shown.ts';
import { takeClock } from './take-clock.ts';

const startMs = Date.UTC(2026, 0, 1);
/** Clients differ in what remains of a date, so that none have the same. */
const momentMs = 4;

interface Client {
  readonly name: string;
  readonly host: ClientHost;
  readonly index: number;
  readonly aheadMs: number;
  readonly person: Person;
  isCut: boolean;
}

export interface Run {
  /** What was done, one a line. */
  readonly log: readonly string[];
  readonly done: number;
  /** By the relay, as "reason session". */
  readonly refused: readonly string[];
  /** By kernels. */
  readonly dropped: readonly string[];
  /** What each client shows, and what a new client of each kind shows for the same account. */
  readonly shown: readonly {
    readonly name: string;
    readonly own: Shown;
    readonly asStock: Shown;
    readonly asKernel: Shown;
  }[];
  readonly shared: Shared;
  /** What a client has alone, as "CoValue session index". */
  readonly lacking: readonly { readonly name: string; readonly key: string }[];
  /** The group of each CoValue. */
  readonly owners: Readonly<Record<string, string>>;
  /** By group: those above it, also formerly. */
  readonly parents: Readonly<Record<string, readonly string[]>>;
}

/** Runs the steps until so many operations were made, and then exchanges everything. */
export async function runWorld(stockScript: string, seed: number, plan: Plan, most = Infinity): Promise<Run> {
  const dice = createDice(seed);
  const clock = takeClock(startMs);
  const giveBack = takeChanceFrom(dice);
  const stock = await openStockHost(stockScript, seed, startMs);
  try {
    const dropped: string[] = [];
    const kernel = openKernelHost(clock, () => dice.bytes(32), dropped);
    return await runWith(kernel, stock, clock, plan, most, dropped);
  } finally {
    giveBack();
    clock.giveBack();
    await stock.close();
  }
}

async function runWith(
  kernel: ClientHost,
  stock: ClientHost,
  clock: ReturnType<typeof takeClock>,
  { clocksMs, steps }: Plan,
  most: number,
  dropped: string[],
): Promise<Run> {
  let nowMs = startMs;
  const relay = createAdmissionNode();
  const line = ['k0', 'k1', 's0', 's1'] as const;
  const clients: Client[] = [];
  const log: string[] = [];
  const invites: SharedInvite[] = [];
  const [groupIDs, valueIDs]: [RawCoID[], RawCoID[]] = [[], []];
  const sockets = new Map<string, ReturnType<typeof relay.client>>();

  for (const [place, name] of line.entries()) {
    const host = place < 2 ? kernel : stock;
    const aheadMs = (clocksMs[place] ?? 0) + place;
    const person = await host.at(nowMs + aheadMs).create();
    clients.push({ name, host, index: place % 2, aheadMs, person, isCut: false });
    sockets.set(name, relay.client(name));
  }
  const shared = (): Shared => ({
    accountIDs: clients.map(({ person }) => person.accountID),
    groupIDs,
    valueIDs,
    invites,
  });
  const calls = ({ host, aheadMs }: Client): ClientCalls => host.at(nowMs + aheadMs);
  const atRelay = () => clock.set(nowMs);

  function pass(ms: number): void {
    nowMs += Math.ceil(ms / momentMs) * momentMs;
    relay.clock.advance(nowMs - relay.clock.nowMs());
  }

  /** Returns whether anything was sent. */
  async function upload(client: Client): Promise<boolean> {
    let isMoving = false;
    // Groups can come before those that they name.
    for (let round = 0; round < 5; round++) {
      atRelay();
      const before = knownBy(relay.node);
      const contents = await calls(client).beyond(client.index, before);
      if (contents.length === 0) break;
      atRelay();
      sockets.get(client.name)?.send(...contents);
      if (isSame(before, knownBy(relay.node))) break;
      isMoving = true;
    }
    return isMoving;
  }

  async function download(client: Client): Promise<boolean> {
    const known = await calls(client).known(client.index);
    atRelay();
    const contents = contentBeyond(relay.node, known);
    if (contents.length > 0) await calls(client).take(client.index, contents);
    return contents.length > 0;
  }

  /** Another device of the account replaces the keys that have leaked. Returns whether it did. */
  async function openElsewhere(client: Client): Promise<boolean> {
    if (client.host !== kernel) return false;
    const device = await calls(client).open(client.person, contentBeyond(relay.node, {}));
    await calls(client).show(device, shared());
    const contents = await calls(client).beyond(device, knownBy(relay.node));
    atRelay();
    sockets.get(client.name)?.send(...contents);
    return contents.length > 0;
  }

  async function operate(client: Client, operation: Operation): Promise<boolean> {
    const outcome = await calls(client).operate(client.index, operation, shared());
    if (outcome.done === undefined) return false;
    log.push(
      `${client.name} ${nowMs - startMs} ${outcome.done}${outcome.refusal ? ` !! ${outcome.refusal}` : ''}`,
    );
    if (outcome.groupID) groupIDs.push(outcome.groupID);
    if (outcome.valueID) valueIDs.push(outcome.valueID);
    if (outcome.invite) invites.push(outcome.invite);
    if (!client.isCut) {
      await upload(client);
      if (operation.isShared)
        for (const other of clients) if (other !== client && !other.isCut) await download(other);
    }
    return outcome.refusal === undefined;
  }

  async function run(step: Step): Promise<number> {
    pass(momentMs);
    if (step.kind === 'wait') pass(step.ms);
    if (step.kind === 'wait') return 0;
    const client = clients[step.at % clients.length];
    if (!client) throw new Error('There is no client.');
    switch (step.kind) {
      case 'sync':
        if (client.isCut) return 0;
        await upload(client);
        await download(client);
        return 0;
      case 'cut':
      case 'rejoin':
        client.isCut = step.kind === 'cut';
        return 0;
      case 'reload':
        await calls(client).reload(client.index, step.isSameSession);
        return 0;
      default:
        return Number(await operate(client, step));
    }
  }

  for (const client of clients) await upload(client);
  for (const client of clients) await download(client);
  let done = 0;
  for (const step of steps) {
    if (done >= most) break;
    done += await run(step);
  }
  for (let round = 0, isMoving = true; isMoving; round++) {
    if (round === 20) throw new Error('The clients do not stop making transactions.');
    isMoving = false;
    pass(60_000);
    for (const client of clients) if (await upload(client)) isMoving = true;
    for (const client of clients) if (await download(client)) isMoving = true;
    if (!isMoving) for (const client of clients) if (await openElsewhere(client)) isMoving = true;
  }
  const relayKnown = knownBy(relay.node);
  const lacking: Run['lacking'][number][] = [];
  const shown: Run['shown'][number][] = [];
  const all = contentBeyond(relay.node, {});
  for (const client of clients) {
    // Before the client is read, when stock cojson may publish keys.
    const known = await calls(client).known(client.index);
    const own = await calls(client).show(client.index, shared());
    for (const key of beyond(known, relayKnown)) lacking.push({ name: client.name, key });
    for (const key of beyond(relayKnown, known)) lacking.push({ name: `all but ${client.name}`, key });
    const at = nowMs + client.aheadMs;
    const [asStock, asKernel] = [
      await stock.at(at).open(client.person, all),
      await kernel.at(at).open(client.person, all),
    ];
    shown.push({
      name: client.name,
      own,
      asStock: await stock.at(at).show(asStock, shared()),
      asKernel: await kernel.at(at).show(asKernel, shared()),
    });
  }
  const owners = Object.fromEntries(valueIDs.map((id) => [id, relay.node.getCoValue(id).getGroup().id]));
  const parents: Record<string, string[]> = {};
  for (const [key, { changes }] of Object.entries(shown[0]?.asKernel.verdicts ?? {})) {
    const [id = ''] = key.split(' ');
    const parentID = /"parent_(co_z\w+)"/.exec(changes ?? '')?.[1];
    if (parentID !== undefined && groupIDs.includes(id as RawCoID)) (parents[id] ??= []).push(parentID);
  }
  return { log, done, refused: relay.refused, dropped, shown, shared: shared(), lacking, owners, parents };
}

/** The transactions that one has and the other has not. */
function* beyond(one: Known, other: Known): Generator<string> {
  for (const [id, { sessions }] of Object.entries(one))
    for (const [sessionID, count] of Object.entries(sessions)) {
      const from = Object.entries(other[id]?.sessions ?? {}).find(([same]) => same === sessionID)?.[1] ?? 0;
      for (let index = from; index < count; index++) yield `${id} ${sessionID} ${index}`;
    }
}

function isSame(one: object, other: object): boolean {
  const text = (known: object) =>
    JSON.stringify(
      Object.entries(known)
        .map(([id, { sessions }]: [string, { sessions: object }]) => [id, Object.entries(sessions).sort()])
        .sort(),
    );
  return text(one) === text(other);
}
