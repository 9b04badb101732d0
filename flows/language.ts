/** A flow as it is once it has been read: named steps, plain JSON. */
export interface Flow {
  readonly name: string;
}
