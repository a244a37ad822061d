import { unreachable } from '../../base/assert.ts';
import { isInBrowser } from '../../platform/in-browser.ts';
import type { NextStepCode } from '../snapshot/next-step-code.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { Outage, UrlSource } from '../snapshot/relay-facts.ts';
import { stepOnRefusedConnection } from './refusal-advice.ts';
import type { NextStep } from './step.ts';

const control = 'reconnect';

const sources: Readonly<Record<UrlSource, { readonly from: string; readonly correct: string }>> = {
  option: { from: 'the `url` that the app passed', correct: 'Correct that `url`' },
  'run-time': {
    from: '`globalThis.PUBLIC_API_DOMAIN`',
    correct: 'Correct that value',
  },
  'build-time': { from: '`PUBLIC_API_DOMAIN` at build time', correct: 'Correct that value and build again' },
  page: {
    from: 'the page’s origin, because `PUBLIC_API_DOMAIN` was not set when sync began',
    correct: 'Set `PUBLIC_API_DOMAIN` to the relay’s domain, or pass `url`',
  },
  'dev-server': {
    from: 'the page’s origin, whose dev server forwards `/sync` to a relay',
    correct: 'Check the options of the Vite plugin, or pass `url`',
  },
};

/** Where a relay's address came from, as the end of a sentence. */
export function describeUrlSource(source: UrlSource): string {
  return sources[source].from;
}

/** A KernelError's message says what happened, then what to do. */
function adviceIn(message: string): string {
  const [, ...advice] = message.split(/(?<=[.!?])\s/);
  return advice.join(' ') || message;
}

function codeOf({ code, needsOtherAuth }: PlainError): NextStepCode {
  if (code !== 'RELAY_UNAUTHORIZED') return 'check-relay';
  return needsOtherAuth ? 'correct-options' : 'sign-in';
}

const networkLogin =
  'The login page of a network, such as a hotel’s, looks the same: open any web page, and log in if it asks you to.';

export function stepOnOutage(outage: Outage, host: string, source: UrlSource | undefined): NextStep {
  const isFrom = source && `The address comes from ${sources[source].from}.`;
  const correct = source ? sources[source].correct : 'Correct the address';
  const withSource = (...sentences: readonly (string | undefined)[]) => sentences.filter(Boolean).join(' ');
  switch (outage.kind) {
    case 'no-network':
      return {
        code: 'check-network',
        advice:
          'Turn the network back on. If the offline mode of the browser’s devtools is on, turn it off. Without a network, only a relay on this machine can answer.',
        control,
      };
    case 'unreachable':
      return {
        code: 'check-relay',
        advice: withSource(
          `Check that a relay is running at ${host}${isInBrowser() ? ', and that the page’s Content-Security-Policy (connect-src) allows it' : ''}.`,
          isFrom,
          `${correct} if the relay is elsewhere.`,
        ),
        control,
      };
    case 'connection-lost':
      return {
        code: 'wait',
        advice:
          'Wait for the next attempt, or try now. If this repeats, check the network and the relay’s log.',
        control,
      };
    case 'not-a-relay':
      return {
        code: 'correct-address',
        advice: withSource(isFrom, `${correct}, or start a relay there; a relay’s path is usually /sync.`),
        control,
      };
    case 'unreadable':
      return {
        code: 'correct-address',
        advice: withSource(
          isFrom,
          `${correct}. If a relay is there, any proxy in front of it must pass on the relay’s CORS headers.`,
          networkLogin,
        ),
        control,
      };
    case 'not-allowed':
      return {
        code: 'allow-origin',
        advice: withSource(
          'Allow this page’s origin in the relay’s CORS_ORIGINS, or in the access rules of any proxy in front of it.',
          isFrom,
        ),
        control,
      };
    case 'rate-limited':
      return {
        code: 'wait',
        advice:
          'Wait: the server limits how often clients may connect, and the kernel retries automatically. If this takes a long time, close other tabs of the app, and check the limits of the relay and of any proxy in front of it.',
        control,
      };
    case 'network-login':
      return {
        code: 'check-network',
        advice: 'Open any web page, and log in to this network. The kernel retries automatically.',
        control,
      };
    case 'server-error':
      return {
        code: 'check-relay',
        advice: `Check the log of the server at ${host}, and of any proxy in front of it. The kernel retries automatically.`,
        control,
      };
    case 'not-ready':
      return {
        code: 'wait',
        advice:
          source === 'dev-server'
            ? 'Wait: the relay behind the dev server is starting or stopping. If this takes a long time, check the terminal of the dev server.'
            : 'Wait: the relay is starting or stopping, or a proxy in front of it cannot reach it. If this takes a long time, check the relay’s log and the proxy.',
        control,
      };
    case 'relay-silent':
      return {
        code: 'check-relay',
        advice: `Check the relay at ${host}, and any proxy in front of it: the machine may be overloaded, or the process stopped. Edits stay on this device, and the kernel reconnects automatically.`,
        control,
      };
    case 'relay-refused':
      return stepOnRefusedConnection(outage.refusal);
    case 'faults':
      return {
        code: 'stop-faults',
        advice: 'Stop the injected faults in Faults, or wait until they end.',
        control,
      };
    case 'other':
      return { code: codeOf(outage.error), advice: adviceIn(outage.error.message), control };
    default:
      return unreachable(outage);
  }
}
