import type {
  AgentID,
  LocalNode,
  RawCoID,
  RawCoList,
  RawCoMap,
  RawCoPlainText,
  RawCoStream,
  RawGroup,
} from 'cojson';
import { vi } from 'vitest';
import { createSessionNode } from '../../../src/engine/create-node.ts';
import { createSessionCrypto } from '../../../src/engine/session-crypto.ts';
import { createDice, takeChanceFrom } from '../../simulation/random.ts';
import { edit } from './tied-edits.ts';
import type { Step } from './tied-steps.ts';
import { shownBy, verdictsOf, type Shown } from './tied-views.ts';

type Content = NonNullable<ReturnType<ReturnType<LocalNode['getCoValue']>['newContentSince']>>[number];

interface Device {
  readonly agent: number;
  node: LocalNode;
  /** Transactions on their way here: of one session of one CoValue each, in order. */
  readonly inbox: Map<string, Content[]>;
  /** All that has arrived or was made here, in order. */
  readonly disk: Content[];
  /** How many of its own transactions have left, by CoValue. */
  readonly left: Map<RawCoID, number>;
}

const startMs = Date.UTC(2026, 0, 1);
const agentCount = 3;
const sessionsPerAgent = 2;

/** The differences that remain between nodes once all of them have everything; empty as it should be. */
export async function runTied(seed: number, steps: readonly Step[]): Promise<readonly string[]> {
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  const giveBack = takeChanceFrom(createDice(seed));
  try {
    const world = await createTiedWorld();
    for (const step of steps) await world.run(step);
    return await world.differences(seed);
  } finally {
    giveBack();
    vi.useRealTimers();
  }
}

async function createTiedWorld() {
  const crypto = await createSessionCrypto();
  const secrets = Array.from({ length: agentCount }, () => crypto.newRandomAgentSecret());
  const agents: readonly AgentID[] = secrets.map((secret) => crypto.getAgentID(secret));

  async function open(agent: number, sessionID?: LocalNode['currentSessionID']): Promise<LocalNode> {
    const own = await createSessionCrypto();
    const secret = secrets[agent];
    const id = agents[agent];
    if (!secret || !id) throw new Error('There is no such agent.');
    return createSessionNode({
      crypto: own,
      agentSecret: secret,
      sessionID: sessionID ?? own.newRandomSessionID(id),
      genesisTimeMs: 0,
    });
  }

  const devices: Device[] = [];
  async function addDevice(agent: number): Promise<Device> {
    const device = { agent, node: await open(agent), inbox: new Map(), disk: [], left: new Map() };
    devices.push(device);
    return device;
  }
  for (let agent = 0; agent < agentCount; agent++) {
    for (let count = 0; count < sessionsPerAgent; count++) await addDevice(agent);
  }
  const [first] = devices;
  if (!first) throw new Error('There is no device.');
  const ids = createCoValues(first.node, agents);
  send(first);
  for (const device of devices) deliverAll(device);

  /** Puts what a device has made since into the others' inboxes. */
  function send(from: Device): void {
    const { node } = from;
    for (const id of ids) {
      const core = node.getCoValue(id);
      if (!core.isAvailable()) continue;
      const { sessions } = core.knownState();
      const before = from.left.get(id) ?? 0;
      const now = sessions[node.currentSessionID] ?? 0;
      if (now === before) continue;
      from.left.set(id, now);
      const known = { id, header: false, sessions: { ...sessions, [node.currentSessionID]: before } };
      for (const content of core.newContentSince(known) ?? []) {
        const whole = { ...content, header: core.verified.header };
        from.disk.push(whole);
        for (const to of devices) {
          if (to === from) continue;
          const key = `${id} ${node.currentSessionID}`;
          to.inbox.set(key, [...(to.inbox.get(key) ?? []), whole]);
        }
      }
    }
  }

  function take(to: Device, content: Content): void {
    to.disk.push(content);
    to.node.syncManager.handleNewContent(content, 'import');
  }

  function deliverAll(to: Device): void {
    for (const [key, queue] of to.inbox) {
      to.inbox.delete(key);
      for (const content of queue) take(to, content);
    }
  }

  async function flush(): Promise<void> {
    for (let round = 0; round < 10; round++) {
      for (const device of devices) send(device);
      if (devices.every(({ inbox }) => inbox.size === 0)) return;
      for (const device of devices) deliverAll(device);
      await turn();
      for (const device of devices) shownBy(device.node, ids, agents);
      await turn();
    }
    throw new Error('The devices do not stop making transactions.');
  }

  const at = <T>(list: readonly T[], index: number): T => {
    const found = list[index % list.length];
    if (found === undefined) throw new Error('The list is empty.');
    return found;
  };

  async function run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'wait':
        vi.setSystemTime(Date.now() + step.ms);
        return turn();
      case 'deliver': {
        const to = at(devices, step.to);
        for (const choice of step.queues) {
          const keys = [...to.inbox.keys()];
          if (keys.length === 0) return;
          const key = at(keys, choice);
          const queue = to.inbox.get(key) ?? [];
          const content = queue.shift();
          if (queue.length === 0) to.inbox.delete(key);
          if (content) take(to, content);
        }
        return;
      }
      case 'read': {
        const { node } = at(devices, step.at);
        shownBy(node, [at(ids, step.what)], agents);
        return;
      }
      case 'unload': {
        const device = at(devices, step.at);
        const id = at(ids, step.what);
        if (device.node.getCoValue(id).isGroup() || !device.node.getCoValue(id).unmount()) return;
        for (const content of device.disk) {
          if (content.id === id) device.node.syncManager.handleNewContent(content, 'import');
        }
        return;
      }
      case 'restart': {
        const device = at(devices, step.at);
        send(device);
        device.node = await open(device.agent, device.node.currentSessionID);
        load(device.node, device.disk, step.order);
        return;
      }
      default: {
        const device = at(devices, step.at);
        const now = Date.now();
        vi.setSystemTime(now + step.clockOffMs);
        try {
          edit(device.node, at(ids, step.what), step, agents, ids);
        } finally {
          vi.setSystemTime(now);
          send(device);
        }
      }
    }
  }

  return {
    run,
    async differences(seed: number): Promise<readonly string[]> {
      await flush();
      // A node that has just been opened shows what a reload would show.
      for (let agent = 0; agent < agentCount; agent++) {
        const device = await addDevice(agent);
        load(device.node, first.disk, seed);
        device.disk.push(...first.disk);
      }
      await turn();
      for (const device of devices) shownBy(device.node, ids, agents);
      await turn();
      await flush();
      return compare(devices, ids, agents);
    },
  };
}

/** Reads what is stored into a new node: each session in order, the sessions in an order of its own. */
function load(node: LocalNode, disk: readonly Content[], order: number): void {
  const sessionOf = (content: Content) => `${content.id} ${Object.keys(content.new).join()}`;
  const sessions = [...new Set(disk.map(sessionOf))];
  const turned = [...sessions.slice(order % sessions.length), ...sessions.slice(0, order % sessions.length)];
  for (const one of turned) {
    for (const content of disk) {
      if (sessionOf(content) === one) node.syncManager.handleNewContent(content, 'storage');
    }
  }
}

function compare(
  devices: readonly Device[],
  ids: readonly RawCoID[],
  agents: readonly AgentID[],
): readonly string[] {
  const [reference] = devices;
  if (!reference) return [];
  const found: string[] = [];
  const verdicts = JSON.stringify(verdictsOf(reference.node, ids));
  const shownByAgent = new Map<number, Shown>();
  for (const [index, { node, agent }] of devices.entries()) {
    const name = `device ${index} (agent ${agent})`;
    const theirs = JSON.stringify(verdictsOf(node, ids));
    if (theirs !== verdicts) found.push(`${name}: valid transactions\n${difference(verdicts, theirs)}`);
    const shown = shownBy(node, ids, agents);
    const before = shownByAgent.get(agent) ?? shown;
    shownByAgent.set(agent, before);
    for (const [key, value] of Object.entries(shown)) {
      if (value !== before[key]) found.push(`${name}: ${key}\n${difference(before[key] ?? '', value)}`);
    }
  }
  return found;
}

/** From where two texts differ. */
function difference(one: string, other: string): string {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  const from = Math.max(0, start - 40);
  return [one, other].map((text) => `  …${text.slice(from, start + 80)}`).join('\n');
}

function createCoValues(node: LocalNode, agents: readonly AgentID[]): readonly RawCoID[] {
  const groups: RawGroup[] = [];
  for (let count = 0; count < 3; count++) {
    const group = node.createGroup();
    for (const agent of agents) group.addMemberInternal(agent, 'admin');
    groups.push(group);
  }
  const [above, , below] = groups;
  if (above && below) below.extend(above);
  const owned: (RawCoMap | RawCoList | RawCoPlainText | RawCoStream)[] = [];
  for (const group of groups) {
    owned.push(
      group.createMap({ a: 0, b: 0 }),
      group.createList([1, 2]),
      group.createPlainText('xy'),
      group.createStream(),
    );
  }
  return [...groups, ...owned].map(({ id }) => id);
}

/** A turn of the event loop, in which cojson's microtasks run. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
