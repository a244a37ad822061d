import type { JsonValue, RawCoMap, RawCoValue } from 'cojson';
import type { Role } from '../../base/role.ts';
import type { RungName } from '../../sync/rungs.ts';

/** A CoValue as this device sees it now. Immutable: every change creates a new object. `V` is not checked. */
export type Watched<V = JsonValue, T extends RawCoValue = RawCoMap> = { readonly id: string } & (
  | {
      readonly state: 'loading';
      /** In ms since the Unix epoch. */
      readonly sinceMs: number;
      /** This device’s storage or a relay has yet to answer, a relay is not connected, or there is no relay to ask. */
      readonly because: 'asking' | 'offline' | 'sync-off';
    }
  /** Neither this device nor a relay has it. It appears once one of them does. */
  | { readonly state: 'unavailable' }
  /** This account has no role in the value's group, or none any more. */
  | { readonly state: 'unauthorized'; readonly groupID: string; readonly role: Role | undefined }
  | { readonly state: 'deleted' }
  /** This device's storage could not be read, or the content has an unknown form. The storage is read again. */
  | { readonly state: 'unreadable' }
  | {
      readonly state: 'ready';
      readonly role: Role;
      readonly canWrite: boolean;
      /**
       * Frozen, and the same object until the content changes. Of a CoMap, an object; of a CoList, an array; of plain text, a
       * string; of a stream, arrays by session ID.
       */
      readonly value: V;
      /** To write with. */
      readonly raw: T;
      /**
       * How far this device's edits of it have got: the rung that all of them have reached. Without such edits, what is certain
       * of the rest: `saved` while no relay can vouch for it, and `made` if this device stores nothing, either.
       */
      readonly reached: 'made' | RungName;
    }
);
