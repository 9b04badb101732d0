/** The whole of the books: the carrier's, and those of everything around it. */
import type { Carrier } from './carrier/carrier';
import type { CarrierLedger, LedgerRecording } from './carrier/ledger';
import type { Faults } from './faults';
import type { MischiefKind } from './mischief';
import type { Storage } from './storage';
import type { Delivery, WebBackend } from './web-backend';
import type { Deliverer, WebhookDelivery } from './webhooks';

export interface Ledger extends Omit<CarrierLedger, 'recordings'> {
  /** Size and digest are null until the recording is ready. */
  readonly recordings: readonly (LedgerRecording & {
    readonly size_bytes: number | null;
    readonly sha256: string | null;
  })[];
  readonly webhooks: readonly WebhookDelivery[];
  /** Faults that fired, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly mischief: Readonly<Record<MischiefKind, number>>;
  readonly unknown_requests: readonly UnknownRequest[];
  /** What the stand-in for the customer's backend has taken. */
  readonly deliveries: readonly Delivery[];
}

export interface UnknownRequest {
  readonly method: string;
  readonly path: string;
}

export interface BookDeps {
  readonly carrier: Carrier;
  readonly deliverer: Deliverer;
  readonly storage: Storage;
  readonly backend: WebBackend;
  readonly faults: Faults;
  readonly mischiefCounts: () => Readonly<Record<MischiefKind, number>>;
}

export interface Bookkeeper {
  readonly ledger: () => Ledger;
  noteUnknown(request: UnknownRequest): void;
}

export function bookkeeper({ carrier, deliverer, storage, backend, faults, mischiefCounts }: BookDeps): Bookkeeper {
  const unknown: UnknownRequest[] = [];
  const describe = (row: LedgerRecording) => {
    const recording = carrier.recording(row.id);
    const description = recording === undefined ? null : storage.describe(recording);
    return { ...row, size_bytes: description?.size_bytes ?? null, sha256: description?.sha256 ?? null };
  };
  return {
    noteUnknown(request) {
      unknown.push(request);
    },
    ledger() {
      const carriers = carrier.ledger();
      return {
        ...carriers,
        recordings: carriers.recordings.map(describe),
        webhooks: [...deliverer.log()],
        faults: faults.fired(),
        mischief: mischiefCounts(),
        unknown_requests: [...unknown],
        deliveries: [...backend.deliveries()],
      };
    },
  };
}
