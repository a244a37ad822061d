import { cojsonInternals, type CoValueHeader, type LocalNode, type RawAccountID, type RawCoID } from 'cojson';

// Each member keeps their name for a group in a map of a group that they alone administer. Both IDs follow from the IDs of the
// shared group and the account, so members find the names of all others without a list that a member could spoil.

export interface NameIDs {
  readonly groupID: RawCoID;
  readonly mapID: RawCoID;
}

export const nameUniqueness = 'maia/name/v1';

export const nameGroupUniqueness = (sharedID: string) => `${nameUniqueness}/${sharedID}`;

/** The group and the map in which an account keeps its name for the members of a group. */
export function nameIDsOf({ crypto }: LocalNode, sharedID: string, accountID: string): NameIDs {
  const initialAdmin = accountID as RawAccountID;
  const groupID = cojsonInternals.idforHeader(
    mapHeader({ type: 'group', initialAdmin }, nameGroupUniqueness(sharedID)),
    crypto,
  );
  const mapID = cojsonInternals.idforHeader(ownedMapHeader(groupID, nameUniqueness), crypto);
  return { groupID, mapID };
}

export function ownedMapHeader(group: RawCoID, uniqueness: string): CoValueHeader {
  return mapHeader({ type: 'ownedByGroup', group }, uniqueness);
}

function mapHeader(ruleset: CoValueHeader['ruleset'], uniqueness: string): CoValueHeader {
  return { type: 'comap', ruleset, meta: null, uniqueness };
}
