import type { RefusalCode } from '../../base/kernel-error.ts';
import type { NotCountedReason } from '../../base/not-counted-reason.ts';
import type { Step } from '../../sync/sync-state.ts';
import type { CoValueKind } from './covalue-kind.ts';
import type { RungName } from './overview-facts.ts';
import type { PlainError } from './plain-error.ts';
import type { Outage, UrlSource } from './relay-facts.ts';

export interface UnsyncedRow {
  readonly id: string;
  readonly kind: CoValueKind;
  /** The CoValue's own `name`, `title`, `label` or `text`, if it is loaded and the account can read it. */
  readonly name?: string;
  /** Of all its transactions; absent if it is not loaded, or not counted yet. */
  readonly bytes?: number;
  readonly sinceMs: number;
  readonly steps: Readonly<Record<RungName, Step>>;
  /** Access to the relays that have not confirmed it. */
  readonly way: Way;
  /** Hosts of the relays that have not confirmed it. */
  readonly missingAt: readonly string[];
  /** The peer IDs, or `any`, that cojson's own tracker waits for in a node that the kernel does not sync. */
  readonly trackedFor?: readonly string[] | 'unknown';
  readonly reason: Reason;
  /** The reason for the CoValue's other edits, if `reason` is about edits that no device shows. */
  readonly otherReason?: Reason;
}

/** Whether edits can reach a relay: `shut` is intended, for example paused; `blocked` means that something is wrong. */
export type Way =
  | { readonly kind: 'open' }
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'shut' };

/** Why a CoValue has not arrived: the first obstacle. Facts only; `describeReason` turns them into a sentence. */
export type Reason =
  | LostReason
  | { readonly kind: 'not-saved'; readonly error?: PlainError }
  /** `refusal`: the relay's code for it, such as `forbidden`. `said`: the reason in the relay's words. */
  | {
      readonly kind: 'refused';
      readonly host?: string;
      readonly refusal?: RefusalCode;
      readonly said?: string;
      readonly error?: PlainError;
    }
  /** Not sent, because it cannot be sent in its present form. `size`: it exceeds the relay's limit. */
  | {
      readonly kind: 'withheld';
      readonly host?: string;
      readonly size?: { readonly bytes: number; readonly limitBytes: number };
      readonly error?: PlainError;
    }
  /** cojson rejected this peer's content for the CoValue, and therefore no longer sends the CoValue to the peer. */
  | { readonly kind: 'skipped'; readonly host: string }
  /** The relay has less than this device assumed; cojson resends the rest. */
  | { readonly kind: 'asked-again'; readonly host: string; readonly atMs: number }
  | { readonly kind: 'signed-out' }
  /** `by` is set if the node was created with `syncWhen: 'never'`. */
  | { readonly kind: 'off'; readonly by?: 'syncWhen' }
  /** Of a node whose peers the app adds itself. `gone`: removed peers that cojson's tracker still waits for. */
  | { readonly kind: 'no-server-peer'; readonly gone: readonly string[] }
  /** Every relay has it, but cojson's tracker, which apps query, still waits for these peers. */
  | { readonly kind: 'out-of-date'; readonly waitsFor: readonly string[] }
  | { readonly kind: 'paused' }
  /** With an error if the relay's address is unusable. */
  | { readonly kind: 'no-relay'; readonly error?: PlainError }
  /** The kernel no longer retries this relay. */
  | {
      readonly kind: 'relay-failed';
      readonly host: string;
      readonly outage?: Outage;
      readonly urlSource?: UrlSource;
      readonly error?: PlainError;
    }
  | { readonly kind: 'closed'; readonly host: string }
  /** The browser reports no network. */
  | { readonly kind: 'offline'; readonly sinceMs: number }
  /** An attempt has failed. `retryAtMs` is absent while the next one, `attempt`, is running. */
  | {
      readonly kind: 'not-connected';
      readonly host: string;
      readonly sinceMs: number;
      readonly retryAtMs?: number;
      readonly attempt?: number;
      readonly outage?: Outage;
      readonly urlSource?: UrlSource;
      readonly error?: PlainError;
    }
  /** The connection is open, but nothing has arrived on it since. The kernel will soon close it. */
  | { readonly kind: 'silent'; readonly host: string; readonly sinceMs: number }
  /** The first attempt, which has no result yet. */
  | { readonly kind: 'connecting'; readonly host: string; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: 'queued'; readonly host: string; readonly messages: number }
  | { readonly kind: 'draining'; readonly host: string; readonly bytes: number }
  /** `sinceMs`: when it could first have been sent. */
  | { readonly kind: 'sending'; readonly host: string; readonly sinceMs: number }
  /** This device sends the edits once the relay has reported what it has of the CoValue. */
  | { readonly kind: 'unanswered'; readonly host: string; readonly sinceMs: number }
  /** The relay has reported what it has of the CoValue, and nothing else waits. */
  | { readonly kind: 'not-sent'; readonly host: string }
  /** This device holds it, but cannot read it now. */
  | { readonly kind: 'unread'; readonly host: string; readonly error: PlainError }
  /** Another tab wrote the edits and sends them first; after a few seconds, this tab does. */
  | { readonly kind: 'other-tab'; readonly title?: string; readonly isPaused?: true }
  /** `isHandedOver`: cojson passed it to its peer and cannot know whether it was sent. */
  | {
      readonly kind: 'unconfirmed';
      readonly host: string;
      readonly sentAtMs?: number;
      readonly isHandedOver?: true;
    }
  | { readonly kind: 'not-durable'; readonly host: string }
  | { readonly kind: 'saving' }
  /** Every rung is reached; the next read drops it from the list. */
  | { readonly kind: 'arrived' };

/** Why no device shows edits made here. They are not on their way: something has to change. */
export type LostReason =
  /** This device refused the edit in the call that made it, so nothing was changed. The last one of the CoValue. */
  | {
      readonly kind: 'not-made';
      readonly edits: number;
      readonly atMs: number;
      readonly error: PlainError;
      /** The edit creates a CoValue in this group. */
      readonly isCreation?: true;
      /** Of VALUE_TOO_LARGE. */
      readonly size?: { readonly bytes: number; readonly limitBytes: number };
    }
  /** Stored and delivered, but every device ignores it. The last one of the CoValue. */
  | {
      readonly kind: 'not-counted';
      readonly edits: number;
      /** When it was made, according to this device. */
      readonly atMs: number;
      readonly why: NotCountedReason;
      /** cojson's explanation. */
      readonly message: string;
      /** The change of this account's role that came before it, if the group shows it. `revoked`: it was removed. */
      readonly roleChange?: { readonly role: string; readonly atMs: number };
      /** The role that the group has given this account since, if that role may write. */
      readonly writesAs?: string;
      /** By how much this device's clock is behind the relay's, if that dates the edit before the membership. */
      readonly clockOffsetMs?: number;
    };
