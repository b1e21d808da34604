// Parameters and buffers whose shape is told by the first batch.
import type { DType } from "../base/dtype.ts";
import { ShapeError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry, exactly } from "../base/reading.ts";
import { cpu } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { type CreateOptions, zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Factory, factory } from "./factory.ts";
import { Buffer, Parameter } from "./parameter.ts";

const nothing = (place: Factory): Tensor => zeros([0], place as CreateOptions);

/** Makes reading the shape an error. */
function hideShape(x: Tensor): void {
  const get = (): never => {
    throw new ShapeError("the shape is not known yet", "call the module with a batch first");
  };
  Object.defineProperty(x, "shape", { get, configurable: true });
}

// A mixin takes the arguments of whatever it is mixed into.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Kind = (new (...args: any[]) => Tensor) & { readonly name: string };
/** The class without a shape. */
const shapeless = <K extends Kind>(name: string, Initialised: K) =>
  class extends Initialised {
    static override readonly name: string = name;
    /** Becomes an ordinary one, of zeros, in this shape: the same object, so that optimisers go on with it. */
    materialize(shape: readonly number[]): void {
      entry("materialize", arguments, 1, () => {
        const values = zeros(shape, { dtype: this.dtype, device: this.device.type });
        Object.setPrototypeOf(this, Initialised.prototype as object);
        Reflect.deleteProperty(this, "shape");
        this.moveTo(values);
      });
    }
    /** @internal One of the same kind, where this one is. */
    another(): Tensor {
      const { requiresGrad, dtype, device } = this;
      const Own = this.constructor as Kind;
      return new Own(this instanceof Parameter ? { requiresGrad, dtype, device: device.type } : { dtype, device: device.type });
    }
    /** Itself, as state dicts hold it. */
    override detach(): this {
      return this;
    }
    override moved(device: Device, dtype: DType): Tensor {
      return Tensor.constant(device, 0, dtype, [0]);
    }
    override moveTo(value: Tensor): void {
      Reflect.deleteProperty(this, "shape");
      super.moveTo(value);
      hideShape(this);
    }
    override cpu(): Promise<Tensor> {
      return Promise.resolve(this.moved(cpu, this.dtype));
    }
    override toString(): string {
      return `<${this.constructor.name}>`;
    }
    static {
      exactly(this.prototype, "another", "detach", "cpu", "toString");
    }
  };

/**
 * A parameter without a shape, as lazy layers have before their first call; materialize() gives it one.
 * @example
 * const p = new nn.UninitializedParameter();
 * p.materialize([2, 3]);
 * [p.shape, p instanceof nn.UninitializedParameter]; // → [[2, 3], false]
 */
export class UninitializedParameter extends shapeless("UninitializedParameter", Parameter) {
  constructor(...rest: [requiresGrad?: boolean] | [options: Factory & { readonly requiresGrad?: boolean }]) {
    const { requiresGrad, ...place } = entry("UninitializedParameter", rest, Infinity, () => parse(rest, { requiresGrad: true }, factory));
    super(nothing(place), { requiresGrad });
    hideShape(this);
  }
}
/**
 * A buffer without a shape, as lazy layers have before their first call.
 * @example
 * const buffer = new nn.UninitializedBuffer();
 * String(buffer); // → <UninitializedBuffer>
 * buffer.materialize([2]);
 * buffer.shape; // → [2]
 */
export class UninitializedBuffer extends shapeless("UninitializedBuffer", Buffer) {
  constructor(...rest: [options?: Factory]) {
    const place = entry("UninitializedBuffer", rest, Infinity, () => parse(rest, {}, factory));
    super(nothing(place));
    hideShape(this);
  }
}
