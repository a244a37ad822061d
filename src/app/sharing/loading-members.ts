import type { Members } from './sharing-types.ts';

export const loadingMembers: Members = { state: 'loading', members: [], links: [] };
