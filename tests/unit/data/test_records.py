"""Records as TensorFlow has them."""

from tfuq.data.records import crc32c, record


def test_checksums_are_those_of_the_standard():
    """RFC 3720, appendix B.4, and the check value of CRC-32C's catalogue."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283


def test_records_are_those_of_tensorflow(tmp_path):
    import tensorflow as tf

    contents = [b"", b"a", bytes(range(256)) * 5]
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as file:
        for content in contents:
            file.write(content)
    (tmp_path / "ours").write_bytes(b"".join(map(record, contents)))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
