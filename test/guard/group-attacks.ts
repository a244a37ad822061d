import type { Attack } from './attack.ts';
import { byLinkHolders } from './link-holders.ts';
import { byManagers } from './managers.ts';
import { byMembers } from './members.ts';
import { byStrangers } from './strangers.ts';

export const groupAttacks: readonly Attack[] = [
  ...byStrangers,
  ...byLinkHolders,
  ...byManagers,
  ...byMembers,
];
