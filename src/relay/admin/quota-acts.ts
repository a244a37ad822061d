import type { JsonRecord } from '../../base/record.ts';
import { isAppID } from '../../wire/sync-path.ts';
import { maxOwnQuotas } from '../quota/quota-rows.ts';
import { isQuota, maxQuota, quotaOf, type Quota } from '../quota/quota.ts';
import type { Quotas } from '../quota/quotas.ts';
import { keyOf } from '../quota/usage-rows.ts';
import { ActRefusal, blockTargetOf, checkFields, type AdministeredRelay } from './act-fields.ts';

/** More would be hard to read. */
const maxListed = 100;

/** Those who have stored most in a namespace, with their quotas, and those with another quota than the usual one. */
export async function listQuotas(fields: JsonRecord, relay: AdministeredRelay): Promise<object> {
  checkFields(fields, ['app']);
  const { quotas, app, usage } = await openUsage(fields, relay);
  const rows = await usage.largest(maxListed);
  const own = quotas.ownOf(app);
  const listed = new Set(rows.map(({ principal }) => principal));
  return {
    ...(app !== '' && { app }),
    quota: quotas.usual ?? {},
    usage: rows.map(({ principal, bytes, coValues }) => ({
      id: principal,
      usedBytes: bytes,
      usedCoValues: coValues,
      ...ownField(own.get(principal)),
    })),
    others: [...own].flatMap(([id, quota]) => (listed.has(id) ? [] : [{ id, ...ownField(quota) }])),
  };
}

/** Sets the quota of one principal in a namespace, or returns it to the usual one. */
export async function setQuota(fields: JsonRecord, relay: AdministeredRelay): Promise<object> {
  checkFields(fields, ['id', 'app', 'bytes', 'coValues', 'default']);
  const { id } = blockTargetOf(fields);
  const principal = keyOf(id);
  const quota = quotaIn(fields);
  const { quotas, app, usage } = await openUsage(fields, relay);
  if (!quota) await quotas.remove({ app, principal });
  else if (!(await quotas.set({ app, principal, quota })))
    throw new ActRefusal(
      'limit',
      `There are ${maxOwnQuotas} accounts and users with another quota than the usual one already. Return some of them to the usual one.`,
    );
  const { bytes, coValues } = await usage.usedBy(principal);
  return {
    ...{ id, ...(app !== '' && { app }), quota: quotas.of(app, principal) ?? {} },
    ...{ isOwn: quotas.ownOf(app).has(principal), usedBytes: bytes, usedCoValues: coValues },
  };
}

async function openUsage(fields: JsonRecord, { quotas, usageOf }: AdministeredRelay) {
  if (!quotas)
    throw new ActRefusal(
      'invalid',
      'Quotas need clients that sign in. Set JWKS_URL or SYNC_MAIA_ACCOUNT_AUTH, and restart the relay.',
    );
  const { app } = fields;
  if (app !== undefined && !isAppID(app)) throw noApp();
  const usage = await usageOf(app);
  if (!usage) throw noApp();
  return { quotas, usage, app: app ?? '' };
}

function noApp(): ActRefusal {
  return new ActRefusal('invalid', '`app` is not the ID of an app that this relay serves (APP_IDS).');
}

/** Undefined for the usual one. */
function quotaIn(fields: JsonRecord): Quota | undefined {
  const { bytes, coValues, default: isUsual } = fields;
  const isGiven = bytes !== undefined || coValues !== undefined;
  if (isUsual === true ? isGiven : isUsual !== undefined || !isGiven)
    throw new ActRefusal(
      'invalid',
      'A quota needs either `bytes` or `coValues` or both, or `default: true`.',
    );
  if (isUsual === true) return undefined;
  for (const [name, value] of Object.entries({ bytes, coValues }))
    if (value !== undefined && !isQuota(value))
      throw new ActRefusal('invalid', `\`${name}\` is not an integer from 0 to ${maxQuota}.`);
  return quotaOf(bytes as number | undefined, coValues as number | undefined);
}

function ownField(quota: ReturnType<Quotas['of']>): object {
  return quota ? { ownQuota: quota } : {};
}
