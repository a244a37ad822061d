import { describe, expect, it } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { accountProofType, type AccountProof, type SignedAccountProof } from '../../wire/frames.ts';
import { SignInRefusal } from './principal.ts';
import { createAudienceCheck } from './relay-audience.ts';
import { verifyProof } from './verify-proof.ts';

const audience = 'wss://relay.example.org/sync';
const nonce = 'n'.repeat(43);

async function signedBy(change: Partial<AccountProof> = {}): Promise<SignedAccountProof> {
  const node = await createClientNode();
  const proof: AccountProof = {
    typ: accountProofType,
    ...{ nonce, audience, accountID: node.expectCurrentAccountID('test'), sessionID: node.currentSessionID },
    ...change,
  };
  const agent = node.getCurrentAgent();
  const signature = crypto.sign(agent.currentSignerSecret(), proof);
  return { proof, agentID: agent.currentAgentID(), signature };
}

const verify = (signed: SignedAccountProof) => {
  const isAudience = createAudienceCheck([audience]);
  return verifyProof(signed, nonce, { crypto, isAudience: (url) => isAudience(url, undefined) });
};

describe('[RELAY-58] an account proof', () => {
  it('lets its account in', async () => {
    const signed = await signedBy();
    expect(verify(signed)).toEqual({ kind: 'account', id: signed.proof.accountID });
  });

  it.each([
    ['with another nonce', { nonce: 'm'.repeat(43) }],
    ['for another relay', { audience: 'wss://relay.example.com/sync' }],
    ['for another path', { audience: 'wss://relay.example.org/sync2' }],
    ['for an address with a query', { audience: `${audience}?a=1` }],
    ['over a connection that is not encrypted', { audience: 'ws://relay.example.org/sync' }],
    ['of another account', { accountID: 'co_zA' }],
  ])('%s is refused', async (_, change) => {
    const signed = await signedBy(change);
    expect(() => verify(signed)).toThrow(SignInRefusal);
  });

  it('with any part of another proof is refused', async () => {
    const [one, other] = await Promise.all([signedBy(), signedBy()]);
    for (const forged of [
      { ...one, signature: other.signature },
      { ...one, signature: '' },
      { ...one, signature: 'signature_z' },
      { ...one, agentID: other.agentID },
      { ...one, agentID: 'nothing' },
      { ...one, agentID: `${one.agentID}/` },
      { ...one, proof: other.proof },
      { ...one, proof: { ...one.proof, sessionID: other.proof.sessionID } },
    ])
      expect(() => verify(forged)).toThrow(SignInRefusal);
  });

  it('counts at each address of the relay, by WebSocket and by HTTP', () => {
    const isAudience = createAudienceCheck(['https://a.example.org', 'wss://b.example.org:8443/sync']);
    for (const [address, counts] of [
      ['wss://a.example.org/sync', true],
      ['https://a.example.org:443/sync', true],
      ['https://b.example.org:8443/sync', true],
      ['wss://b.example.org/sync', false],
      ['ws://127.0.0.1/sync', false],
      ['wss://user@a.example.org/sync', false],
      ['nothing', false],
    ] as const)
      expect([address, isAudience(address, undefined)]).toEqual([address, counts]);
  });

  it('counts at a relay without addresses only if it was made on this machine', () => {
    const isAudience = createAudienceCheck([]);
    for (const [address, counts] of [
      ['ws://localhost:5173/sync', true],
      ['ws://127.0.0.1:4203/sync', true],
      ['http://[::1]:4203/sync', true],
      ['wss://relay.example.org/sync', false],
      ['ws://localhost.example.org/sync', false],
    ] as const)
      expect([address, isAudience(address, undefined)]).toEqual([address, counts]);
  });

  it('counts for one app alone', () => {
    const isAudience = createAudienceCheck(['wss://relay.example.org/sync']);
    const isLocal = createAudienceCheck([]);
    for (const [path, appID, counts] of [
      ['/sync', undefined, true],
      ['/sync/notes', undefined, false],
      ['/sync/notes', 'notes', true],
      ['/sync/notes', 'chess', false],
      ['/sync', 'notes', false],
    ] as const) {
      expect([path, isAudience(`wss://relay.example.org${path}`, appID)]).toEqual([path, counts]);
      expect([path, isLocal(`ws://127.0.0.1${path}`, appID)]).toEqual([path, counts]);
    }
  });
});
