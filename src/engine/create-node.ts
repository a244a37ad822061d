import { LocalNode, type AgentSecret, type CryptoProvider, type RawAccountID, type SessionID } from 'cojson';
import { nameInviteErrors } from './refusals/invite-errors.ts';
import { patchCojson } from './fixes/patch-cojson.ts';
import { answerKnownContent } from './private-methods.ts';
import type { SessionCrypto } from './session-crypto.ts';
import { repairHashes } from './session-maps/hash-repair.ts';
import { layerSessionMaps } from './session-maps/session-maps.ts';
import { reportTraps } from './session-maps/traps.ts';

/** A session's node. It corrects its clock, by up to a day, to the time that relays report; see also `edit-times`. */
export function createSessionNode(options: {
  /** Not shared with another session. */
  readonly crypto: SessionCrypto;
  readonly agentSecret: AgentSecret;
  readonly sessionID: SessionID;
  readonly genesisTimeMs: number;
}): LocalNode {
  const { crypto, agentSecret, sessionID, genesisTimeMs } = options;
  const node = new LocalNode(agentSecret, sessionID, crypto, undefined, undefined, {
    experimental_clockSyncFromServerPings: true,
  });
  crypto.editTimes.follow(node, genesisTimeMs);
  crypto.removalHeads.follow(node);
  crypto.writeRights.follow(node);
  nameInviteErrors(node);
  return node;
}

/**
 * A relay's node. Unless an agent is given, its identity is new and never stored: a relay needs no rights. `onTrap` is called
 * if the crypto's WebAssembly fails.
 */
export function createRelayNode(
  crypto: CryptoProvider,
  agent?: { readonly accountID: RawAccountID; readonly agentSecret: AgentSecret },
  onTrap: (error: Error) => void = () => {},
): LocalNode {
  patchCojson();
  answerKnownContent();
  layerSessionMaps(crypto, { 'hash-repair': repairHashes(crypto), traps: reportTraps(onTrap) });
  const agentSecret = agent?.agentSecret ?? crypto.newRandomAgentSecret();
  const sessionID = crypto.newRandomSessionID(agent?.accountID ?? crypto.getAgentID(agentSecret));
  return new LocalNode(agentSecret, sessionID, crypto);
}

/** An empty node that checks content as this relay's node does. Its crypto is shared, so a failure of that is reported, too. */
export function createThrowAwayNode({ agentSecret, crypto }: LocalNode): LocalNode {
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(agentSecret));
  return new LocalNode(agentSecret, sessionID, crypto);
}
