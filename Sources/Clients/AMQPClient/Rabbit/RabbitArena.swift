internal import CRabbitMQ
internal import Glibc

/// Memory for what one call hands to librabbitmq: texts and tables. It is recycled before the next call.
@safe final class RabbitArena {
    private var pool = unsafe amqp_pool_t()

    init() { unsafe init_amqp_pool(&pool, 4096) }

    deinit { unsafe empty_amqp_pool(&pool) }

    /// What was made before is no longer valid.
    func recycle() { unsafe recycle_amqp_pool(&pool) }

    func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { unsafe copy(UnsafeRawBufferPointer($0)) }
    }

    func bytes(_ bytes: [UInt8]) -> amqp_bytes_t {
        unsafe bytes.withUnsafeBytes { unsafe copy($0) }
    }

    func table(_ values: [String: AMQPValue]) -> amqp_table_t {
        guard !values.isEmpty else { return unsafe amqp_table_t(num_entries: 0, entries: nil) }
        let entries = unsafe allocate(amqp_table_entry_t.self, count: values.count)
        for (index, (key, value)) in values.enumerated() {
            unsafe entries[index] = unsafe amqp_table_entry_t(key: bytes(key), value: field(value))
        }
        return unsafe amqp_table_t(num_entries: Int32(values.count), entries: entries)
    }

    private func array(_ values: [AMQPValue]) -> amqp_array_t {
        guard !values.isEmpty else { return unsafe amqp_array_t(num_entries: 0, entries: nil) }
        let entries = unsafe allocate(amqp_field_value_t.self, count: values.count)
        for (index, value) in values.enumerated() {
            unsafe entries[index] = unsafe field(value)
        }
        return unsafe amqp_array_t(num_entries: Int32(values.count), entries: entries)
    }

    private func field(_ value: AMQPValue) -> amqp_field_value_t {
        var field = unsafe amqp_field_value_t()
        switch value {
        case .null:
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
        case .bool(let flag):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            unsafe field.value.boolean = flag ? 1 : 0
        case .int(let number):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            unsafe field.value.i64 = number
        case .double(let number):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_F64.rawValue)
            unsafe field.value.f64 = number
        case .string(let text):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            unsafe field.value.bytes = unsafe bytes(text)
        case .bytes(let content):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_BYTES.rawValue)
            unsafe field.value.bytes = unsafe bytes(content)
        case .timestamp(let seconds):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_TIMESTAMP.rawValue)
            unsafe field.value.u64 = seconds
        case .array(let values):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
            unsafe field.value.array = unsafe array(values)
        case .table(let values):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            unsafe field.value.table = unsafe table(values)
        }
        return unsafe field
    }

    private func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let start = source.baseAddress, source.count > 0 else {
            return unsafe amqp_bytes_t(len: 0, bytes: nil)
        }
        let target = unsafe allocate(UInt8.self, count: source.count)
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: source.count)
        return unsafe amqp_bytes_t(len: source.count, bytes: target)
    }

    private func allocate<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
        guard let memory = unsafe amqp_pool_alloc(&pool, count * MemoryLayout<Value>.stride) else {
            fatalError("no memory left for a message")
        }
        return unsafe memory.bindMemory(to: type, capacity: count)
    }
}
