import type { RawCoValue } from 'cojson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { listen } from '../../engine/node-events.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { openAgentSession } from '../../session/agent/agent-session.ts';
import type { Session } from '../../session/session.ts';

const unknownID = 'co_zNobodyHasThis';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

describe('a storage', () => {
  async function agentWith(storage: KernelDeviceStorage): Promise<Session> {
    const owner = await connected();
    const { accountID, node } = owner;
    const sync = { url: sessions.relay.url };
    const agent = await openAgentSession({ accountID, agentSecret: node.agentSecret, sync, storage });
    sessions.onEnd(() => agent.close());
    return agent;
  }

  test('[LOAD-7] that reports a failed read makes the load reject with CO_VALUE_UNREADABLE, until it reads', async () => {
    const cause = createKernelError('STORAGE_CLOSED', 'closed');
    let failure: typeof cause | undefined;
    const storage = { ...createMemoryStorage(), readFailure: () => failure };
    const agent = await agentWith(storage);
    agent.sync.pause();
    failure = cause;
    await expect(agent.load(unknownID)).rejects.toMatchObject({
      code: 'CO_VALUE_UNREADABLE',
      details: { id: unknownID },
      cause,
    });
    failure = undefined;
    agent.sync.resume();
    await expect(agent.load(unknownID)).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
  });

  test('[LOAD-7] whose first read fails is read again at once', async () => {
    let reads = 0;
    const memory = createMemoryStorage();
    const storage: KernelDeviceStorage = {
      ...memory,
      load(id, onContent, done) {
        if (id === unknownID) reads++;
        memory.load(id, onContent, done);
      },
      readFailure: () => (reads === 1 ? createKernelError('STORAGE_CLOSED', 'closed') : undefined),
    };
    const agent = await agentWith(storage);
    await expect(agent.load(unknownID)).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
    expect(reads).toBe(2);
  });

  /** Somebody whose values only the agent's storage has. */
  async function elsewhere() {
    const { node, account } = await person(false);
    const group = node.createGroup();
    group.addMember('everyone', 'reader');
    /** Answers the agent's reads from now on; the returned function answers those so far. */
    function store(agent: Session, ...values: readonly RawCoValue[]): () => void {
      const { storage } = agent.node;
      if (!storage) throw new Error('set above');
      const answers: (() => void)[] = [];
      vi.spyOn(storage, 'load').mockImplementation((_id, onContent, done) => {
        answers.push(() => {
          for (const { id } of [account, group, ...values]) {
            for (const content of node.getCoValue(id).newContentSince() ?? []) onContent(content);
          }
          done?.(true);
        });
      });
      return () => {
        for (const answer of answers.splice(0)) answer();
      };
    }
    return { group, store };
  }

  test('is asked again for what it did not have', async () => {
    const agent = await agentWith(createMemoryStorage());
    const { group, store } = await elsewhere();
    const map = group.createMap({ title: 'stored by another tab' });
    agent.sync.pause();
    await expect(agent.load(map.id, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const answer = store(agent, map);
    const loading = agent.load(map.id);
    answer();
    expect((await loading).get('title')).toBe('stored by another tab');
  });

  test('[LOAD-2] that answers after the relay still counts', async () => {
    const agent = await agentWith(createMemoryStorage());
    const { group, store } = await elsewhere();
    const map = group.createMap({ title: 'only here' });
    agent.sync.pause();
    const answer = store(agent, map);
    const loading = agent.load(map.id);
    const isAnswered = new Promise<void>((resolve) => {
      listen(agent.node, { handled: ({ action, id }) => id === map.id && action === 'known' && resolve() });
    });
    agent.sync.resume();
    await isAnswered;
    answer();
    expect((await loading).get('title')).toBe('only here');
  });

  test('[LOAD-7] whose content cannot be read makes the load reject with CO_VALUE_UNREADABLE', async () => {
    const agent = await agentWith(createMemoryStorage());
    const { group, store } = await elsewhere();
    const list = group.createList(['a']);
    agent.sync.pause();
    const answer = store(agent, list);
    const loading = agent.load(list.id, { timeoutMs: 100 });
    const cause = new Error('unreadable');
    const core = getOrCreateCoValue(agent.node, list.id);
    vi.spyOn(core, 'getCurrentContent').mockImplementation(() => {
      throw cause;
    });
    answer();
    await expect(loading).rejects.toMatchObject({
      code: 'CO_VALUE_UNREADABLE',
      details: { id: list.id },
      cause,
    });
  });
});
