/**
 * Why an edit is stored but not counted: the role of its author at its date did not permit it, its author was not a member
 * then, it is no valid change of a group, or cojson gave another reason.
 */
export type NotCountedReason = 'no-access' | 'not-a-member-then' | 'malformed' | 'other';
