import type { LocalNode, RawCoMap } from 'cojson';
import { findCoValue, openMapOf } from '../../engine/private-fields.ts';
import type { Author } from './covalue-facts.ts';
import { shownKey } from './shown-value.ts';

/** Who wrote what, and is a member of what. Names come only from what is open: they are worth no loading. */
export interface Authors {
  /** Of a session: who it belongs to stands before `_session_`. */
  of(sessionID: string): Author;
  describe(id: string): Author;
  isThisTab(sessionID: string): boolean;
  /** Whether a session is of this account. */
  isOwn(sessionID: string): boolean;
}

export function createAuthors(node: LocalNode): Authors {
  const agent = node.getCurrentAgent();
  // In an account itself, sessions are its agent's.
  const agentID = agent.currentAgentID();

  function describe(id: string): Author {
    const isOwn = id === agent.id || id === agentID;
    const name = nameOfAccount(node, isOwn ? agent.id : id);
    return { id, ...(name !== undefined && { name }), ...(isOwn && { isOwn }) };
  }

  return {
    of: (sessionID) => describe(sessionID.split('_session_')[0] ?? sessionID),
    describe,
    isOwn: (sessionID) =>
      sessionID.startsWith(`${agent.id}_session_`) || sessionID.startsWith(`${agentID}_session_`),
    isThisTab(sessionID) {
      const own = node.currentSessionID;
      return sessionID === own || sessionID === own.replace(agent.id, agentID);
    },
  };
}

function nameOfAccount(node: LocalNode, id: string): string | undefined {
  const profileID = openMap(node, id)?.get('profile');
  const name = typeof profileID === 'string' ? openMap(node, profileID)?.get('name') : undefined;
  return typeof name === 'string' && name.trim() !== '' ? shownKey(name.trim().slice(0, 80)) : undefined;
}

function openMap(node: LocalNode, id: string): RawCoMap | undefined {
  const coValue = findCoValue(node, id);
  return coValue && openMapOf(coValue);
}
