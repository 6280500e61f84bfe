internal import CRabbitMQ

/// Copies librabbitmq's values out of its memory, which the next frame may overwrite.
enum RabbitDecoding {
    static func text(_ bytes: amqp_bytes_t) -> String {
        guard let start = unsafe bytes.bytes else { return "" }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: bytes.len), as: UTF8.self)
    }

    static func array(_ bytes: amqp_bytes_t) -> [UInt8] {
        guard let start = unsafe bytes.bytes else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: bytes.len))
    }

    static func table(_ table: amqp_table_t) -> [String: AMQPValue] {
        var values: [String: AMQPValue] = [:]
        for index in 0..<Int(unsafe table.num_entries) {
            let entry = unsafe table.entries[index]
            values[unsafe text(entry.key)] = unsafe value(entry.value)
        }
        return values
    }

    /// A message without its body.
    static func message(_ properties: amqp_basic_properties_t) -> AMQPMessage {
        let flags = unsafe properties._flags
        func optional(_ flag: Int32, _ bytes: amqp_bytes_t) -> String? {
            flags & UInt32(flag) == 0 ? nil : unsafe text(bytes)
        }
        var message = AMQPMessage(body: [], isPersistent: false)
        unsafe message.contentType = optional(AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type)
        unsafe message.messageID = optional(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id)
        unsafe message.correlationID = optional(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id)
        unsafe message.type = optional(AMQP_BASIC_TYPE_FLAG, properties.type)
        if flags & UInt32(AMQP_BASIC_HEADERS_FLAG) != 0 { unsafe message.headers = table(properties.headers) }
        if flags & UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG) != 0 {
            unsafe message.isPersistent = properties.delivery_mode == 2
        }
        if let expiration = unsafe optional(AMQP_BASIC_EXPIRATION_FLAG, properties.expiration) {
            message.expiration = Int64(expiration).map { .milliseconds($0) }
        }
        return message
    }

    private static func value(_ field: amqp_field_value_t) -> AMQPValue {
        switch amqp_field_value_kind_t(UInt32(unsafe field.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: unsafe .bool(field.value.boolean != 0)
        case AMQP_FIELD_KIND_I8: unsafe .int(Int64(field.value.i8))
        case AMQP_FIELD_KIND_U8: unsafe .int(Int64(field.value.u8))
        case AMQP_FIELD_KIND_I16: unsafe .int(Int64(field.value.i16))
        case AMQP_FIELD_KIND_U16: unsafe .int(Int64(field.value.u16))
        case AMQP_FIELD_KIND_I32: unsafe .int(Int64(field.value.i32))
        case AMQP_FIELD_KIND_U32: unsafe .int(Int64(field.value.u32))
        case AMQP_FIELD_KIND_I64: unsafe .int(field.value.i64)
        case AMQP_FIELD_KIND_U64: unsafe .int(Int64(clamping: field.value.u64))
        case AMQP_FIELD_KIND_F32: unsafe .double(Double(field.value.f32))
        case AMQP_FIELD_KIND_F64: unsafe .double(field.value.f64)
        case AMQP_FIELD_KIND_TIMESTAMP: unsafe .timestamp(field.value.u64)
        case AMQP_FIELD_KIND_UTF8: unsafe .string(text(field.value.bytes))
        case AMQP_FIELD_KIND_BYTES: unsafe .bytes(array(field.value.bytes))
        case AMQP_FIELD_KIND_TABLE: unsafe .table(table(field.value.table))
        case AMQP_FIELD_KIND_ARRAY: unsafe .array(values(field.value.array))
        case AMQP_FIELD_KIND_DECIMAL: unsafe .double(decimal(field.value.decimal))
        default: .null
        }
    }

    private static func values(_ array: amqp_array_t) -> [AMQPValue] {
        (0..<Int(unsafe array.num_entries)).map { index in unsafe value(array.entries[index]) }
    }

    private static func decimal(_ decimal: amqp_decimal_t) -> Double {
        var value = Double(decimal.value)
        for _ in 0..<decimal.decimals { value /= 10 }
        return value
    }
}
