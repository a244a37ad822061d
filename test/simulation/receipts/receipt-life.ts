import type { CryptoProvider } from 'cojson';
import { isEqual } from '../../../src/base/equal.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createReceipts } from '../../../src/relay/receipts/receipts.ts';
import { compareReceipts, type ReceiptComparison } from '../../../src/session/receipts/compare-receipts.ts';
import { recordsIn } from '../../../src/session/receipts/receipt-records.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';
import type { ChallengeFrame, HelloFrame } from '../../../src/wire/frames.ts';
import type { SignedReceipt } from '../../../src/wire/receipt.ts';
import { createDice } from '../random.ts';
import { createAccountMap, type AccountMap } from './account-map.ts';
import { createReceiptOracle } from './receipt-oracle.ts';

/** What a life's relays may do besides being honest. */
export type RelayKind = 'honest' | 'goes back' | 'forks' | 'lies' | 'changes' | 'all';
export const relayKinds: readonly RelayKind[] = ['honest', 'goes back', 'forks', 'lies', 'changes', 'all'];

export interface LifeOutcome {
  /** How many devices had a proof, by the oracle. */
  readonly proved: number;
  /** How many answers were compared. */
  readonly compared: number;
  /** Where the devices and the oracle first disagreed. */
  readonly finding: string | undefined;
}

/** One history of a storage. A forked storage has several under one identity. */
interface View {
  id: string;
  epoch: string;
  readonly secret: string;
  marks: string[];
  /** Marks up to this number are not kept any more. */
  dropped: number;
  backup: { readonly marks: readonly string[]; readonly epoch: string } | undefined;
}

interface Line {
  readonly clientID: string;
  readonly view: View;
  readonly hello: HelloFrame;
  readonly toRelay: ChallengeFrame[];
  readonly toDevice: { readonly frame: SignedReceipt; readonly isTrue: boolean }[];
}

interface Question {
  readonly nonce: string;
  readonly held: readonly string[];
}

interface Device {
  readonly name: string;
  readonly clock: FakeClock;
  readonly map: AccountMap;
  /** Outlives its sessions, by relay. */
  readonly disk: Map<string, SignedReceipt>;
  session: number;
  comparison: ReceiptComparison;
  readonly lines: Map<string, Line>;
  /** What the oracle knows of this session: what it has got and accepted, and what it has asked, by relay. */
  readonly got: Map<string, { readonly state: string; readonly signature: string }>;
  readonly left: Map<string, string>;
  readonly questions: Map<string, Question>;
  /** What the latest answer was compared with, by relay. */
  readonly compared: Map<string, readonly string[]>;
  /** When this session has last written a key, or reported a relay. */
  readonly doneAtMs: Map<string, number>;
}

const relayIDs = ['one', 'two'] as const;
const hours6 = 6 * 60 * 60_000;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export async function liveWithReceipts(
  seed: number,
  kind: RelayKind,
  crypto: CryptoProvider,
): Promise<LifeOutcome> {
  const dice = createDice(seed);
  const oracle = createReceiptOracle();
  const told = new Set<string>();
  const due = new Set<string>();
  let compared = 0;
  let finding: string | undefined;
  const has = (...kinds: readonly RelayKind[]) => kind === 'all' || kinds.includes(kind);
  const name = () => `mark ${dice.between(0, 2 ** 30)}`;
  const newView = (number: number): View => ({
    ...{ id: `storage ${number}`, epoch: 'first', secret: `secret ${number}` },
    ...{ marks: [name()], dropped: 0, backup: undefined },
  });

  const views = Array.from({ length: dice.between(1, 2) }, (_, number) => newView(number));
  const signers = new Map<View, Signer>();
  let mayLie = true;
  type Signer = Awaited<ReturnType<typeof createSigner>>;
  /** The relay of a view, with its limits: one answer per client at a time, and a pause after it. */
  async function createSigner(view: View) {
    const clock = createFakeClock();
    const receipts = createReceipts({
      ...{ crypto, clock, logger: silentLogger },
      readSecret: () => Promise.resolve(view.secret),
      readMarks(numbers) {
        if (mayLie && dice.chance(15)) return Promise.reject(new Error('The statement took too long.'));
        const { id, epoch, marks, dropped } = view;
        const mark = (number: number) => ({ number, name: marks[number - 1] ?? '' });
        const earlier = numbers.filter((number) => number > dropped && number <= marks.length).map(mark);
        return Promise.resolve({ identity: { id, epoch }, latest: mark(marks.length), earlier });
      },
      onceSure: (run) => run(),
    });
    const key = await receipts.begin();
    return {
      key: key ?? '',
      left: receipts.left,
      ask: (line: Line, challenge: ChallengeFrame) =>
        receipts.ask(line.clientID, challenge, (text) => answer(line, JSON.parse(text) as SignedReceipt)),
      async advance(ms: number) {
        clock.advance(ms);
        await settle();
      },
    };
  }
  async function signerOf(view: View): Promise<Signer> {
    const signer = signers.get(view) ?? (await createSigner(view));
    signers.set(view, signer);
    return signer;
  }

  function answer(line: Line, { receipt, signature }: SignedReceipt): void {
    const frame = { receipt, signature };
    oracle.signed(signature, {
      state: `${line.hello.relay.key ?? ''} ${receipt.storageID} ${receipt.epoch}`,
      n: receipt.n,
      roots: new Map([receipt, ...receipt.at].map(({ n, root }) => [n, root])),
    });
    const isLie = mayLie && has('lies') && dice.chance(40);
    // A relay need not answer at all.
    const sent = isLie ? takeLie(frame, old) : frame;
    if (!isLie || dice.chance(80)) line.toDevice.push({ frame: sent, isTrue: isEqual(sent, frame) });
    if (dice.chance(30)) old = frame;
  }

  const stateOf = ({ hello }: Line) => `${hello.relay.key ?? ''} ${hello.storage.id} ${hello.storage.epoch}`;
  const tag = (device: Device, relayID: string, state: string) =>
    `${device.name}.${device.session} ${relayID} ${state}`;
  /** Not of what `forge` has written. */
  const signatureIn = (value: unknown) => {
    const { signature, isForged } = (value ?? {}) as { signature?: unknown; isForged?: true };
    return isForged ? undefined : signature;
  };

  /** All receipts of this key that the device could compare. */
  function heldBy(device: Device, line: Line): readonly string[] {
    const signatures = [...recordsOf(device, line)];
    for (const [relayID, other] of device.lines) {
      if (other.hello.relay.key !== line.hello.relay.key) continue;
      const own = device.got.get(relayID);
      if (own?.state === stateOf(other)) signatures.push(own.signature);
      const left = device.left.get(relayID);
      if (left !== undefined) signatures.push(left);
    }
    return signatures;
  }

  const valuesOf = (device: Device, prefix: string) =>
    relayIDs.map((relayID) => (device.map.get(`${prefix}/${relayID}`) ?? {}) as Record<string, unknown>);

  function recordsOf(device: Device, line: Line): readonly string[] {
    return valuesOf(device, 'receipt').flatMap((value) => {
      const signature = value['key'] === line.hello.relay.key ? signatureIn(value) : undefined;
      return typeof signature === 'string' ? [signature] : [];
    });
  }

  function isRecorded(device: Device, line: Line): boolean {
    return valuesOf(device, 'contradiction').some(({ earlier, later }) => {
      const signatures = [signatureIn(earlier), signatureIn(later)] as const;
      return oracle.isProof(...signatures) && oracle.stateOf(signatures[1]) === stateOf(line);
    });
  }

  /** Whether the device has not done it in the last six hours of its session. */
  function isFirst(device: Device, what: string): boolean {
    const doneMs = device.doneAtMs.get(what);
    const nowMs = device.clock.elapsedMs();
    if (doneMs !== undefined && nowMs - doneMs < hours6) return false;
    device.doneAtMs.set(what, nowMs);
    return true;
  }

  function begin(device: Device): void {
    device.session++;
    device.doneAtMs.clear();
    device.comparison = compareReceipts({
      crypto,
      records: recordsIn(() => device.map.asCoMap),
      device: {
        read: (relayID) => Promise.resolve(device.disk.get(relayID)),
        write: (relayID, signed) => Promise.resolve(device.disk.set(relayID, signed)),
      },
      newSalt: () => `salt ${dice.between(0, 2 ** 30)}`,
      challenge(relayID, nonce, at) {
        const line = device.lines.get(relayID);
        if (!line) return;
        const { held, isSplit } = oracle.asks(heldBy(device, line), stateOf(line));
        if (isSplit) due.add(tag(device, relayID, stateOf(line)));
        device.questions.set(relayID, { nonce, held });
        line.toRelay.push({ maia: 'challenge', nonce, at });
      },
      contradicted(relayID, _, isNews) {
        if (isFirst(device, `lost ${relayID}`) !== isNews)
          finding ??= `reported too often, or not: ${relayID}`;
        const line = device.lines.get(relayID);
        if (line) told.add(tag(device, relayID, stateOf(line)));
      },
      ...{ clock: device.clock, logger: silentLogger },
    });
  }

  const devices = Array.from({ length: dice.between(2, 4) }, (_, index): Device => {
    // Wrong by up to ten years.
    const clock = createFakeClock(1_700_000_000_000 + dice.between(-315_000_000, 315_000_000) * 1_000);
    const device: Device = {
      ...{
        name: `device ${index}`,
        clock,
        map: createAccountMap(
          index,
          clock.nowMs,
          () => {
            noteHeld(device);
            device.comparison.recordsChanged();
          },
          (key) => {
            if (!isFirst(device, key)) finding ??= `${device.name} wrote ${key} too often`;
          },
        ),
      },
      ...{ disk: new Map(), session: 0, lines: new Map(), comparison: {} as ReceiptComparison },
      ...{ got: new Map(), left: new Map(), questions: new Map(), compared: new Map(), doneAtMs: new Map() },
    };
    begin(device);
    return device;
  });

  /** What the device has before it asks or hears anything may already be a proof. */
  function noteHeld(device: Device): void {
    for (const [relayID, line] of device.lines) {
      if (isRecorded(device, line)) due.add(tag(device, relayID, stateOf(line)));
      const { isSplit } = oracle.asks(heldBy(device, line), stateOf(line));
      if (isSplit) due.add(tag(device, relayID, stateOf(line)));
    }
  }

  let clientCount = 0;
  async function openLine(device: Device, relayID: string, view: View): Promise<void> {
    const { id, epoch } = view;
    const { key } = await signerOf(view);
    const hello = { relay: { name: 'r', version: '1', key }, storage: { id, epoch } } as HelloFrame;
    const line: Line = { clientID: `client ${clientCount++}`, view, hello, toRelay: [], toDevice: [] };
    const before = device.lines.get(relayID);
    if (before) (await signerOf(before.view)).left(before.clientID);
    device.questions.delete(relayID);
    device.lines.set(relayID, line);
    if (!before || stateOf(before) !== stateOf(line)) {
      device.got.delete(relayID);
      device.left.delete(relayID);
      const left = device.disk.get(relayID);
      if (left) device.left.set(relayID, left.signature);
    }
    device.comparison.connected(relayID, hello);
    await settle();
    noteHeld(device);
  }

  async function connect(device: Device): Promise<void> {
    const [relayID, view] = [dice.oneOf(relayIDs), dice.oneOf(views)];
    if (!relayID || !view) return;
    if (has('changes') && dice.chance(20)) return contradictOften(device, relayID, view);
    if (has('changes') && dice.chance(60)) change(view);
    await openLine(device, relayID, dice.oneOf(views) ?? view);
  }

  /** Gives proofs in one epoch after the other. Devices must not report and record all of them. */
  async function contradictOften(device: Device, relayID: string, view: View): Promise<void> {
    for (let times = 0; times < 3; times++) {
      view.epoch = name();
      for (const marks of [[...view.marks, name()], view.marks.slice(0, 1)]) {
        view.marks = marks;
        await openLine(device, relayID, view);
        await closeEnded(device);
        await deliverAll(device);
      }
    }
  }

  /** A relay with another epoch or key at each connection, or with fewer marks. */
  function change(view: View): void {
    const marks = view.marks.slice(0, dice.between(1, view.marks.length));
    if (dice.chance(40)) views[views.indexOf(view)] = { ...view, marks, secret: name() };
    else if (dice.chance(50)) view.epoch = name();
    else view.marks = marks;
  }

  function takeLie(frame: SignedReceipt, old: SignedReceipt | undefined): SignedReceipt {
    const { receipt, signature } = frame;
    const lies: readonly (() => SignedReceipt)[] = [
      () => ({ receipt: { ...receipt, n: 1 }, signature }),
      () => ({ receipt: { ...receipt, storageID: 'storage 9' }, signature }),
      () => ({ receipt, signature: `${signature.slice(0, -2)}zz` }),
      () => ({ receipt, signature: 'none' }),
      () => old ?? { receipt: { ...receipt, nonce: 'old' }, signature },
      () => ({ receipt: { ...receipt, nonce: old?.receipt.nonce ?? 'old' }, signature }),
      () => ({ receipt: { ...(old ?? frame).receipt, nonce: receipt.nonce }, signature }),
    ];
    return (dice.oneOf(lies) as () => SignedReceipt)();
  }

  let old: SignedReceipt | undefined;
  /** Moves one frame of one connection. */
  async function deliver(device: Device, relayID: string): Promise<boolean> {
    const line = device.lines.get(relayID);
    const challenge = line?.toRelay.shift();
    if (line && challenge) {
      (await signerOf(line.view)).ask(line, challenge);
      return true;
    }
    const received = line?.toDevice.shift();
    if (!line || !received) return false;
    const { frame, isTrue } = received;
    const question = device.questions.get(relayID);
    const counts = isTrue && question?.nonce === frame.receipt.nonce && isOfHello(frame, line);
    if (question?.nonce === frame.receipt.nonce) device.questions.delete(relayID);
    if (counts && question) {
      compared++;
      if (oracle.answered(question.held, frame.signature)) due.add(tag(device, relayID, stateOf(line)));
      else if (!told.has(tag(device, relayID, stateOf(line)))) {
        device.compared.set(relayID, question.held);
        device.got.set(relayID, { state: stateOf(line), signature: frame.signature });
        device.left.delete(relayID);
      }
    }
    device.comparison.received(relayID, structuredClone(frame));
    await settle();
    noteHeld(device);
    return true;
  }

  const isOfHello = ({ receipt }: SignedReceipt, { hello }: Line) =>
    receipt.storageID === hello.storage.id && receipt.epoch === hello.storage.epoch;

  async function passAtRelays(ms: number): Promise<void> {
    for (const signer of signers.values()) await signer.advance(ms);
  }

  /** Relays that answer, for as long as a kernel needs to ask again for what it got no answer to. */
  async function deliverAll(device: Device): Promise<void> {
    mayLie = false;
    for (const waitMs of [0, 70_000, 600_000]) {
      if (waitMs > 0 && findUncompared(device) === undefined) break;
      device.clock.advance(waitMs);
      for (let round = 0; round < 4; round++) {
        for (const relayID of relayIDs) while (await deliver(device, relayID));
        await passAtRelays(2_000);
        for (const relayID of relayIDs) while (await deliver(device, relayID));
      }
    }
    const uncompared = findUncompared(device);
    if (uncompared !== undefined) finding ??= `${device.name}: ${uncompared}`;
    mayLie = true;
  }

  /** Unless there is a proof, an answer must have been compared with all that the account has recorded. */
  function findUncompared(device: Device): string | undefined {
    for (const [relayID, line] of device.lines) {
      if (told.has(tag(device, relayID, stateOf(line)))) continue;
      const got = device.got.get(relayID);
      if (got?.state !== stateOf(line)) return `got no answer of ${relayID}`;
      const compared = [got.signature, ...(device.compared.get(relayID) ?? [])];
      const held = recordsOf(device, line).filter((one) => oracle.stateOf(one) === stateOf(line));
      if (held.some((signature) => !compared.includes(signature)))
        return `did not compare a record of ${relayID}`;
    }
    return undefined;
  }

  async function meet(): Promise<void> {
    const [one, other] = [dice.oneOf(devices), dice.oneOf(devices)];
    if (!one || !other || one === other) return;
    for (const [to, from] of [
      [one, other],
      [other, one],
    ] as const) {
      to.map.mergeFrom(from.map);
    }
    await settle();
    // A meeting ends when the questions that it raises are answered.
    if (dice.chance(70)) for (const device of [one, other]) await deliverAll(device);
  }

  /** A changed client of the account, or a later version, has written this. Nothing of it proves anything. */
  function forge({ map }: Device, view: View, key: string): void {
    const relayID = dice.oneOf(relayIDs);
    if (!old) return;
    const { receipt, signature } = old;
    const lower = { receipt: { ...receipt, n: Math.max(1, receipt.n - 1) }, signature };
    const challenge = { salt: 's', known: [signature] };
    const isForged = true;
    const values: readonly (readonly [string, unknown])[] = [
      [
        'receipt',
        { v: 1, key, receipt: { ...receipt, n: receipt.n + 100, storageID: view.id }, signature, isForged },
      ],
      ['receipt', { v: 1, key, ...old, signature: 'none', isForged }],
      ['receipt', 'nonsense'],
      ['contradiction', { v: 1, key, why: 'rollback', earlier: old, later: lower, challenge }],
      ['contradiction', { v: 1, key, why: 'rollback', earlier: old, later: old, challenge }],
      ['contradiction', { v: 1, key, why: 'split-view', earlier: old, later: old, challenge }],
      ['contradiction', { v: 1 }],
    ];
    const [prefix, value] = dice.oneOf(values) ?? [];
    map.set(`${prefix}/${relayID}`, value);
  }

  async function act(): Promise<void> {
    const [view, device] = [dice.oneOf(views), dice.oneOf(devices)] as [View, Device];
    const step = dice.between(1, 100);
    if (step <= 22) view.marks.push(...Array.from({ length: dice.between(1, 3) }, name));
    else if (step <= 38) await connect(device);
    else if (step <= 56) await deliver(device, dice.oneOf(relayIDs) ?? 'one');
    else if (step <= 60) await passAtRelays(dice.oneOf([100, 2_000]) ?? 100);
    else if (step <= 74) await meet();
    else if (step <= 82) {
      device.clock.advance((dice.oneOf([5, 15, 700, 25_000]) ?? 5) * 1_000);
      noteHeld(device);
    } else if (step <= 86) {
      device.comparison.end();
      device.lines.clear();
      device.got.clear();
      device.left.clear();
      device.questions.clear();
      device.compared.clear();
      begin(device);
    } else if (step <= 88) view.backup = { marks: [...view.marks], epoch: view.epoch };
    else if (step <= 90) view.dropped = dice.between(0, view.marks.length);
    else if (step <= 92) forge(device, view, (await signerOf(view)).key);
    // A copy that serves beside the original gets another epoch.
    else if (step <= 93 && views.length < 4) views.push({ ...view, marks: [...view.marks], epoch: name() });
    else if (step <= 94 && view.backup) {
      // A restore that a relay notices: the clients connect again to the new epoch.
      view.marks = [...view.backup.marks, name()];
      view.epoch = `epoch ${dice.between(0, 2 ** 30)}`;
    } else if (step <= 98 && has('goes back')) {
      view.backup ??= { marks: view.marks.slice(0, dice.between(1, view.marks.length)), epoch: view.epoch };
      view.marks = [...view.backup.marks];
      view.epoch = view.backup.epoch;
    } else if (has('forks') && views.length < 6) views.push({ ...view, marks: [...view.marks] });
  }

  /** Relays close the channels of an epoch that has ended. */
  async function closeEnded(device: Device): Promise<void> {
    for (const [relayID, line] of device.lines) {
      if (line.view.epoch === line.hello.storage.epoch) continue;
      await openLine(device, relayID, line.view);
    }
  }

  function check(step: number): void {
    for (const device of devices) noteHeld(device);
    const missing = [...due].find((one) => !told.has(one));
    const wrong = [...told].find((one) => !due.has(one));
    if (missing !== undefined) finding ??= `step ${step}: not told: ${missing}`;
    if (wrong !== undefined) finding ??= `step ${step}: false alarm: ${wrong}`;
  }

  for (let step = 0; step < 60 && finding === undefined; step++) {
    await act();
    for (const device of devices) await closeEnded(device);
    check(step);
  }
  for (const device of devices) device.comparison.end();
  if (kind === 'honest' && due.size > 0) finding ??= 'the oracle takes an honest relay for a contradiction';
  return { proved: due.size, compared, finding };
}
