import { RawGroup, type LocalNode, type RawCoID } from 'cojson';

type InviteSecret = ReturnType<RawGroup['createInvite']>;

export interface SharedInvite {
  readonly groupID: RawCoID;
  readonly role: string;
  readonly secret: InviteSecret;
}

/** What people have told each other. Those who may not read it can have it, too. */
export interface Shared {
  readonly accountIDs: readonly RawCoID[];
  readonly groupIDs: readonly RawCoID[];
  readonly valueIDs: readonly RawCoID[];
  readonly invites: readonly SharedInvite[];
}

export interface Outcome {
  /** Undefined if there was nothing to do it with. */
  readonly done?: string;
  /** cojson's reason not to do it. */
  readonly refusal?: string;
  readonly groupID?: RawCoID;
  readonly valueID?: RawCoID;
  readonly invite?: SharedInvite;
}

export function openGroups(node: LocalNode, ids: readonly RawCoID[]): readonly RawGroup[] {
  return ids.flatMap((id) => {
    const core = node.getCoValue(id);
    const content = core.isAvailable() ? core.getCurrentContent() : undefined;
    return content instanceof RawGroup ? (content as RawGroup) : [];
  });
}

export function choose<T>(list: readonly T[], number: number): T | undefined {
  return list.length === 0 ? undefined : list[number % list.length];
}
