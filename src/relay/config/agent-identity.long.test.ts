import type { AgentSecret, RawAccount, RawAccountID } from 'cojson';
import { expect, it } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { generateAgent, readAgent, type RelayAgent } from './agent-identity.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';

async function refusalOf(agent: RelayAgent): Promise<string> {
  const error: unknown = await readAgent(agent).catch((reason: unknown) => reason);
  if (!isKernelError(error, 'RELAY_SETTING_INVALID')) throw new Error('It was accepted.', { cause: error });
  expect(error.cause).toBeUndefined();
  return error.message;
}

it('accepts a generated agent and generates a different one each time', async () => {
  const [one, other] = [await generateAgent(), await generateAgent()];
  expect(await readAgent(one)).toEqual(one);
  expect(one.accountID).not.toBe(other.accountID);
  expect(one.agentSecret).not.toBe(other.agentSecret);
});

it('refuses mismatched values without revealing the secret', async () => {
  const { accountID, agentSecret } = await generateAgent();
  const other = await generateAgent();
  const misfits: readonly RelayAgent[] = [
    { accountID, agentSecret: other.agentSecret },
    { accountID, agentSecret: agentSecret.slice(0, -6) },
    { accountID, agentSecret: agentSecret.replace('/', ' ') },
    { accountID, agentSecret: 'sealerSecret_z11/signerSecret_z11' },
    { accountID, agentSecret: '' },
    { accountID: agentSecret, agentSecret },
    { accountID: agentSecret, agentSecret: accountID },
    { accountID: '', agentSecret },
  ];
  for (const misfit of misfits) {
    const message = await refusalOf(misfit);
    expect(message).toContain('agent:generate');
    for (const part of agentSecret.split('/')) expect(message).not.toContain(part.slice(0, 24));
  }
});

it('is the account of the relay: clients find it there, also after a restart', async () => {
  const agent = await generateAgent();
  const storage = `pglite:${await createStorage()}`;
  const first = await openRelay({ agent, storage });
  const key = await readKeyOf(first.url, agent);
  await first.close();
  const again = await startRelay({ agent, storage });
  expect(await readKeyOf(again.url, agent)).toBe(key);
});

it('is refused before anything starts', async () => {
  const { accountID } = await generateAgent();
  const agent = { accountID, agentSecret: (await generateAgent()).agentSecret };
  await expect(startRelay({ agent, storage: 'memory:' })).rejects.toSatisfy((error) =>
    isKernelError(error, 'RELAY_SETTING_INVALID'),
  );
});

/** Shares a group with the relay's account, and returns the read key that the client sees in the account. */
async function readKeyOf(url: string, agent: { accountID: RawAccountID; agentSecret: AgentSecret }) {
  const client = await createStockClient(url);
  const account = await client.load<RawAccount>(agent.accountID);
  if (account === 'unavailable') throw new Error('The account is unavailable.');
  const group = client.createGroup();
  group.addMember(account, 'reader');
  expect(group.roleOf(agent.accountID)).toBe('reader');
  await client.syncManager.waitForAllCoValuesSync();
  return account.get('readKey');
}
