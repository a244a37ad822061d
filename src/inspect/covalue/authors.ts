import type { LocalNode, RawCoMap } from 'cojson';
import { authorOf, isOwnSession } from '../../engine/content.ts';
import { findCoValue, openMapOf } from '../../engine/private-fields.ts';
import type { Author } from './covalue-facts.ts';
import { shownKey } from './shown-value.ts';

/** Describes authors and members. Reads names only from open CoValues: a name does not justify loading one. */
export interface Authors {
  /** The author of a session: the ID before `_session_`. */
  of(sessionID: string): Author;
  describe(id: string): Author;
  isThisTab(sessionID: string): boolean;
  isOwn(sessionID: string): boolean;
}

export function createAuthors(node: LocalNode): Authors {
  const agent = node.getCurrentAgent();
  // In an account's own CoValue, sessions belong to its agent.
  const agentID = agent.currentAgentID();

  function describe(id: string): Author {
    const isOwn = id === agent.id || id === agentID;
    const name = nameOfAccount(node, isOwn ? agent.id : id);
    return { id, ...(name !== undefined && { name }), ...(isOwn && { isOwn }) };
  }

  return {
    of: (sessionID) => describe(authorOf(sessionID)),
    describe,
    isOwn: (sessionID) => isOwnSession(node, sessionID),
    isThisTab(sessionID) {
      const { currentSessionID } = node;
      return sessionID === currentSessionID || sessionID === currentSessionID.replace(agent.id, agentID);
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
