import { takeFromHash } from '../platform/address-bar.ts';
import { findInvite } from './sharing/find-invite.ts';
import type { Invite } from './sharing/sharing-types.ts';

/**
 * Takes an invite out of the page's address, so that it is neither copied nor bookmarked with it. The query stays. Call it first
 * of all, before a router reads the address. Pass what it returns to `session.acceptInvite`, which explains a link that is cut
 * off. Undefined if the page was not opened by a link, and outside a page.
 */
export const takeInvite = (): Invite | undefined => takeFromHash(findInvite);
