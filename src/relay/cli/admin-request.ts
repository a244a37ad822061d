import { createKernelError } from '../../base/kernel-error.ts';
import { actNames, isActName, type ActName } from '../admin/admin-acts.ts';

/** What `maia-relay admin` asks the relay that runs on this machine. */
export interface AdminRequest {
  readonly act: ActName | 'export';
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly port: number;
  readonly tokenFile: string;
}

export const adminHelp = `ADMIN_PORT serves the admin API on that port of 127.0.0.1, with the token in
ADMIN_TOKEN_FILE, which the relay creates if it is missing. admin asks the relay
that runs with the same two variables. Its acts are block, with the ID of an
account or a principal and a --reason, which blocked people read; unblock;
blocks, the list; take-down, with the ID of a CoValue and a --reason, which
makes the relay neither serve nor take it; put-back; takedowns; principals, who
is connected; relays, those of the storage; and drain, which stops the relay.
--until ends a block or takedown at a time such as 2027-01-31T18:00:00Z. quotas
lists who has stored most; quota, with the ID of an account or a principal, sets
its quota to --bytes and --co-values, or to the usual one with --default. erase,
with the ID of an account, erases what is that account's alone, and prints a
certificate; with --dry-run it only prints what it would erase. certificates
prints those of an account again. export prints what is an account's as the
lines of an export file. epoch makes all clients compare everything with the
relays again. These six are for /sync, or with --app for an app.
`;

/** What follows the act and its ID. */
export interface AdminFlags {
  readonly reason?: string | undefined;
  readonly until?: string | undefined;
  readonly app?: string | undefined;
  readonly bytes?: string | undefined;
  readonly 'co-values'?: string | undefined;
  readonly default?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
}

const usage = 'Run `maia-relay --help` for usage.';
const personal: readonly string[] = ['erase', 'certificates', 'export'];
const withID: readonly string[] = ['block', 'unblock', 'take-down', 'put-back', 'quota', ...personal];
const withApp: readonly string[] = ['quota', 'quotas', 'epoch', ...personal];

/** Throws RELAY_SETTING_INVALID. The relay checks the fields. */
export function readAdminRequest(
  [act = '', id, ...more]: readonly string[],
  flags: AdminFlags,
  environment: Readonly<Record<string, string | undefined>>,
): AdminRequest {
  if (!isActName(act) && act !== 'export')
    throw invalid(`admin needs one of these acts: ${[...actNames, 'export'].join(', ')}. ${usage}`);
  if (flags.app !== undefined && !withApp.includes(act))
    throw invalid(`--app is only valid with admin ${withApp.join(', ')}. ${usage}`);
  if (flags['dry-run'] === true && act !== 'erase')
    throw invalid(`--dry-run is only valid with admin erase. ${usage}`);
  if (withID.includes(act) !== (id !== undefined) || more.length > 0)
    throw invalid(`admin ${act} takes ${withID.includes(act) ? 'one ID' : 'no ID'}. ${usage}`);
  const { ADMIN_PORT: port = '', ADMIN_TOKEN_FILE: tokenFile = '' } = environment;
  if (!/^\d{1,5}$/.test(port) || tokenFile === '')
    throw invalid('admin needs ADMIN_PORT and ADMIN_TOKEN_FILE, as the running relay has them.');
  return {
    act,
    fields: { ...(id !== undefined && { id }), ...fieldsOf(flags) },
    port: Number(port),
    tokenFile,
  };
}

function fieldsOf(flags: AdminFlags): AdminRequest['fields'] {
  const { reason, until, app } = flags;
  return {
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until }),
    ...(app !== undefined && { app }),
    ...numberField('bytes', '--bytes', flags.bytes),
    ...numberField('coValues', '--co-values', flags['co-values']),
    ...(flags.default === true && { default: true }),
    ...(flags['dry-run'] === true && { dryRun: true }),
  };
}

function numberField(name: string, flag: string, text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  if (/^\d{1,16}$/.test(text)) return { [name]: Number(text) };
  throw invalid(`${flag} is ${JSON.stringify(text)}; expected an integer from 0 on. ${usage}`);
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
