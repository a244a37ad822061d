import { unreachable } from '../../base/assert.ts';
import type { RefusalCode } from '../../base/kernel-error.ts';
import type { Outage } from '../snapshot/relay-facts.ts';
import { describeCause } from './describe-cause.ts';
import { formatDuration } from './format.ts';

/** One sentence without a full stop, such as "Relay silent for 12 s: eu.example sends nothing". */
export function describeOutage(
  outage: Outage,
  { host, sinceMs, nowMs }: { readonly host: string; readonly sinceMs: number; readonly nowMs: number },
): string {
  const duration = `for ${formatDuration(nowMs - sinceMs)}`;
  switch (outage.kind) {
    case 'no-network':
      return `Offline ${duration}: the browser reports no network, and ${host} does not answer`;
    case 'unreachable':
      return `Relay unreachable ${duration}: nothing at ${host} answers this page`;
    case 'connection-lost':
      return `Not connected ${duration}: the connection to ${host} ended`;
    case 'not-a-relay':
      return `No relay at ${host}: ${describeAnswer(outage)}`;
    case 'unreadable':
      return `No relay for this page at ${host}: a server answered, but this page may not read the answer`;
    case 'not-allowed':
      return `Not allowed at ${host}: the server refuses this page (HTTP ${outage.status})`;
    case 'rate-limited':
      return `Not connected ${duration}: ${host} asks this device to wait (HTTP ${outage.status})`;
    case 'network-login':
      return `Not connected ${duration}: this network requires a login (HTTP ${outage.status})`;
    case 'server-error':
      return `Not connected ${duration}: the server at ${host} is failing (HTTP ${outage.status})`;
    case 'not-ready':
      return `Relay not ready ${duration}: ${host} answered with HTTP ${outage.status}`;
    case 'relay-silent':
      return outage.sinceMs === undefined
        ? `Relay silent: ${host} sends nothing`
        : `Relay silent for ${formatDuration(nowMs - outage.sinceMs)}: ${host} sends nothing`;
    case 'relay-refused':
      return describeRefusal(host, outage.refusal, outage.said);
    case 'faults':
      return `Not connected ${duration}: injected faults broke the connection to ${host}`;
    case 'other':
      return `Not connected to ${host} ${duration}: ${describeCause(outage.error)}`;
    default:
      return unreachable(outage);
  }
}

function describeAnswer({ status, type, isEcho }: Extract<Outage, { kind: 'not-a-relay' }>): string {
  if (isEcho) return 'the server sends back what it receives';
  if (status === undefined) return 'the server speaks another protocol';
  const answer = `HTTP ${status}${type === undefined ? '' : `, ${type}`}`;
  return type === 'text/html' && status < 300
    ? `the server answered with a web page (${answer})`
    : `a web server answered (${answer})`;
}

/** Longer than the reasons of our relay. Another one may send up to 1,000 characters. */
const maxSaid = 200;

/** Such as "Refused by eu.example (limit): the relay is at its limit of 1000 connections". */
export function describeRefusal(host: string, refusal: RefusalCode, said = ''): string {
  const sentence = said.slice(0, maxSaid).trim().replace(/\.$/, '');
  if (sentence === '') return `Refused by ${host}: ${refusal}`;
  return `Refused by ${host} (${refusal}): ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}
