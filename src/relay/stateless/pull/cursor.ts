import { createHash, createHmac } from 'node:crypto';
import type { RawCoID } from '../../../engine/content.ts';
import type { StorageIdentity } from '../../database/schema.ts';
import { maxHorizonLength, type Horizon } from '../../database/restores/horizon.ts';
import type { ContentPlace } from './newer-messages.ts';
import { Resync, StatelessRefusal } from '../refusal.ts';

/** How far a client has pulled. Opaque for clients. */
export interface Cursor {
  /** All that was committed by then. */
  readonly horizon: Horizon;
  /** Names the CoValues that were kept from the client. Empty if there were none. */
  readonly withheld: string;
  /** Present if the client has got only a part of it. */
  readonly part?: CursorPart;
}

/** Of what has changed since `from`, the client has what comes before the CoValue `at`, and of this what comes before `place`. */
export interface CursorPart {
  readonly from: Horizon | undefined;
  readonly at: RawCoID;
  readonly place: ContentPlace | undefined;
  /** Names the CoValues that were deleted. A deletion removes others, and so changes what comes before what. */
  readonly deleted: string;
}

const version = '1';
const mark = '.';
const form = new RegExp(
  String.raw`^1\.([\w-]{16})\.([a-z0-9-]{0,63})\.([\w-]{0,16})\.([\d:,]+)(?:\.([\d:,]+)?\.(co_z\w{1,100})\.([\w-]{0,16})\.(?:([\w/$]{0,400}):(\d{1,10}))?)?$`,
);
const horizonForm = /^\d{1,20}:\d{1,20}:(?:\d{1,20}(?:,\d{1,20})*)?$/;
/** In base64url, with two horizons. */
const maxLength = 2 * maxHorizonLength * 1.5 + 1_000;
const maxNumber = 2n ** 64n;

/** A namespace: the app's ID, undefined for the default one, and the identity of its storage. */
export interface CursorPlace {
  readonly appID: string | undefined;
  readonly identity: StorageIdentity;
}

export function writeCursor({ horizon, withheld, part }: Cursor, { appID, identity }: CursorPlace): string {
  const fields = [
    version,
    nameOf(identity),
    appID ?? '',
    withheld,
    horizon,
    ...(part ? [part.from ?? '', part.at, part.deleted, nameOfPlace(part.place)] : []),
  ];
  return Buffer.from(fields.join(mark)).toString('base64url');
}

/** Whether it has the form of a cursor of this app, of whatever epoch. */
export function isCursor(text: string, appID: string | undefined): boolean {
  return fieldsOf(text, appID) !== undefined;
}

/** Throws a `StatelessRefusal` if the text is no cursor of this version and app, and `Resync` if it is of another epoch. */
export function readCursor(text: string, { appID, identity }: CursorPlace): Cursor {
  const fields = fieldsOf(text, appID);
  if (!fields)
    throw new StatelessRefusal(
      'invalid',
      '`since` is no cursor of this relay and app. Pull without it once.',
    );
  const [, name, , withheld = '', horizon = '', from, at, deleted = '', sessionID, count] = fields;
  if (name !== nameOf(identity)) throw new Resync();
  if (at === undefined) return { horizon, withheld };
  const place = sessionID === undefined ? undefined : { sessionID, count: Number(count) };
  return { horizon, withheld, part: { from, at: at as RawCoID, deleted, place } };
}

const nameOfPlace = (place: ContentPlace | undefined) => (place ? `${place.sessionID}:${place.count}` : '');

function fieldsOf(text: string, appID: string | undefined): readonly (string | undefined)[] | undefined {
  const fields = text.length > maxLength ? null : form.exec(Buffer.from(text, 'base64url').toString('utf8'));
  if (!fields || fields[2] !== (appID ?? '')) return undefined;
  const horizon = fields[4] ?? '';
  return isHorizon(horizon) && isHorizon(fields[5] ?? horizon) ? fields : undefined;
}

/** `secret`: without it, a client could find out whether IDs that it guesses are among these. */
export function nameOfSome(ids: ReadonlySet<string>, secret: string): string {
  if (ids.size === 0) return '';
  return createHmac('sha256', secret)
    .update([...ids].sort().join(' '))
    .digest('base64url')
    .slice(0, 16);
}

/** PostgreSQL fails at any other. */
function isHorizon(text: string): boolean {
  if (!horizonForm.test(text)) return false;
  const [from = 0n, to = 0n, ...open] = text.split(/[:,]/).filter(Boolean).map(BigInt);
  const isSorted = open.every((one, index) => one > (open[index - 1] ?? -1n) && one >= from && one < to);
  return from > 0n && from <= to && to < maxNumber && isSorted;
}

function nameOf({ id, epoch }: StorageIdentity): string {
  return createHash('sha256').update(`${id} ${epoch}`).digest('base64url').slice(0, 16);
}
