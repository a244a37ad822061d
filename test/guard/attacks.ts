import type { Attack } from './attack.ts';
import { byLinkHolders } from './link-holders.ts';
import { withMalformedValues } from './malformed-values.ts';
import { byManagers } from './managers.ts';
import { byMembers } from './members.ts';
import { byRelays, withOthersNames } from './replays.ts';
import { byStrangers } from './strangers.ts';

export const attacks: readonly Attack[] = [
  ...byStrangers,
  ...byLinkHolders,
  ...byManagers,
  ...byMembers,
  ...withMalformedValues,
  ...byRelays,
  ...withOthersNames,
];
