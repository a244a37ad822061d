import type { SyncMessage } from 'cojson';
import type { RawCoID } from '../../../engine/content.ts';
import type { InspectFrame } from '../../../wire/frames.ts';
import type { AnswerOptions } from '../connection-options.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { createColdLoads, isColdKnown, isColdLoad, takeColdKnown, type ColdLoads } from './cold-loads.ts';
import { createInspections, type Inspections } from './inspections.ts';
import { createReconciliations, type Reconciliations } from './reconciliations.ts';

export interface StoredAnswersOptions extends AnswerOptions {
  readonly storage: AnswerOptions['storage'] & Pick<SqlStorage, 'readCommitted'>;
  isTakenDown(id: string): boolean;
  deliver(message: SyncMessage): void;
  /** A CoValue is sent because `root` depends on it. */
  goesAlong: ((id: RawCoID, root: RawCoID) => void) | undefined;
  /** False while no more loads may begin, for lack of memory. */
  mayBegin(): boolean;
  /** So many bytes are reserved for answers, or wait until the client has read others. */
  holds(bytes: number): void;
  /** Sends the answer to a query. */
  send(frame: string): void;
  /** The client compared too many CoValues at once. */
  tooMany(count: number): void;
  /** `isComparing` is false again. */
  compared(): void;
}

/** Answers one client from the storage, without the node. Most clients need none of its parts, so each is created on demand. */
export class StoredAnswers {
  /** Exists while an answer is pending. */
  private coldLoads: ColdLoads | undefined;
  private reconciliations: Reconciliations | undefined;
  private inspections: Inspections | undefined;
  private loadBytes = 0;
  private inspectionBytes = 0;

  constructor(private readonly options: StoredAnswersOptions) {}

  /** Returns false if the node has to handle the message. */
  take(message: SyncMessage): boolean {
    const { node, peer, deliver } = this.options;
    if (message.action === 'reconcile') (this.reconciliations ??= this.openReconciliations()).take(message);
    else if (isColdLoad(node, message)) (this.coldLoads ??= this.openColdLoads()).take(message);
    else if (isColdKnown(node, message)) takeColdKnown({ node, peer, deliver }, message);
    else return false;
    return true;
  }

  inspect(frame: InspectFrame, isHidden: boolean): void {
    (this.inspections ??= this.openInspections()).take(frame, isHidden);
  }

  sendNewer(id: RawCoID): void {
    (this.coldLoads ??= this.openColdLoads()).sendNewer(id);
  }

  /** The number of unanswered queries. */
  openQueries(): number {
    return this.inspections?.openCount() ?? 0;
  }

  isComparing(): boolean {
    return this.reconciliations?.isBusy() === true;
  }

  /** Call it when `mayBegin` may have become true. */
  resume(): void {
    this.coldLoads?.resume();
  }

  /** Call it when the connection ends. */
  close(): void {
    this.coldLoads?.close();
    this.inspections?.close();
    this.reconciliations?.close();
  }

  private openColdLoads(): ColdLoads {
    return createColdLoads({
      ...this.options,
      holds: (bytes) => {
        this.loadBytes = bytes;
        this.hold();
      },
      done: () => void (this.coldLoads = undefined),
    });
  }

  private openInspections(): Inspections {
    return createInspections({
      ...this.options,
      holds: (bytes) => {
        this.inspectionBytes = bytes;
        this.hold();
      },
    });
  }

  private openReconciliations(): Reconciliations {
    return createReconciliations({ ...this.options, done: this.options.compared });
  }

  private hold(): void {
    this.options.holds(this.loadBytes + this.inspectionBytes);
  }
}
