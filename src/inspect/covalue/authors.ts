import type { CoValueCore, LocalNode, RawCoMap } from 'cojson';
import { authorOf, isOwnSession } from '../../engine/content.ts';
import { findCoValue, openMapOf } from '../../engine/private-fields.ts';
import { isAppContent } from '../shared/app-content.ts';
import type { Author } from './covalue-facts.ts';
import { shownKey } from './shown-value.ts';

/**
 * Describes authors and members. A name is that of the profile, or what the account itself wrote in `within` under
 * `names/<its ID>`. Reads names only from open CoValues: a name does not justify loading one.
 */
export interface Authors {
  /** The author of a session: the ID before `_session_`. */
  of(sessionID: string, within?: CoValueCore): Author;
  describe(id: string, within?: CoValueCore): Author;
  isThisTab(sessionID: string): boolean;
  isOwn(sessionID: string): boolean;
}

export function createAuthors(node: LocalNode): Authors {
  const agent = node.getCurrentAgent();
  // In an account's own CoValue, sessions belong to its agent.
  const agentID = agent.currentAgentID();

  function describe(id: string, within?: CoValueCore): Author {
    const isOwn = id === agent.id || id === agentID;
    const accountID = isOwn ? agent.id : id;
    const name = nameOfAccount(node, accountID) ?? (within && nameWithin(node, within, accountID));
    return { id, ...(name !== undefined && { name }), ...(isOwn && { isOwn }) };
  }

  return {
    of: (sessionID, within) => describe(authorOf(sessionID), within),
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
  return shownName(typeof profileID === 'string' ? openMap(node, profileID)?.get('name') : undefined);
}

/** Ignores what other accounts wrote there. */
function nameWithin(node: LocalNode, coValue: CoValueCore, id: string): string | undefined {
  if (!isAppContent(coValue.verified?.header, node)) return undefined;
  let name: string | undefined;
  for (const { by, value } of openMapOf(coValue)?.editsAt(`names/${id}`) ?? []) {
    if (by === id) name = shownName(value);
  }
  return name;
}

function shownName(name: unknown): string | undefined {
  return typeof name === 'string' && name.trim() !== '' ? shownKey(name.trim().slice(0, 80)) : undefined;
}

function openMap(node: LocalNode, id: string): RawCoMap | undefined {
  const coValue = findCoValue(node, id);
  return coValue && openMapOf(coValue);
}
