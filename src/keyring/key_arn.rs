//! How a KMS key is named: an ARN, an alias or an id (`framework/aws-kms/aws-kms-key-arn`).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text names no KMS key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{text:?} is no KMS key: {why}")]
pub struct InvalidKeyArn {
    text: String,
    why: &'static str,
}

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// `key/...`
    Key,
    /// `alias/...`
    Alias,
}

/// `arn:<partition>:kms:<region>:<account>:<key|alias>/<id>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyArn {
    partition: String,
    region: String,
    account: String,
    resource: ResourceType,
    id: String,
}

/// A key as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KmsKeyId {
    /// A key's or an alias's ARN, which says the region too.
    Arn(KeyArn),
    /// `alias/name`, in the keyring's region and account.
    Alias(String),
    /// A bare key id, in the keyring's region and account.
    Id(String),
}

impl KeyArn {
    /// The partition: `aws`, `aws-cn`, ...
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The region: where the request goes.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Whether a key or an alias.
    pub fn resource(&self) -> ResourceType {
        self.resource
    }

    /// The key's id, or the alias's name without `alias/`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it names a multi-Region key; an alias called `mrk-...` does not.
    pub fn is_multi_region(&self) -> bool {
        self.resource == ResourceType::Key && self.id.starts_with("mrk-")
    }

    /// Whether both name the same key, replicas in other regions included
    /// (`aws-kms-mrk-match-for-decrypt`).
    pub fn same_key(&self, other: &Self) -> bool {
        self == other || (self.is_multi_region() && *self == other.in_region(&self.region))
    }

    /// The replica of this key in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }
}

impl FromStr for KeyArn {
    type Err = InvalidKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why| InvalidKeyArn {
            text: text.to_owned(),
            why,
        };
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (Some("arn"), Some(partition), Some("kms"), Some(region), Some(account), Some(resource)) =
            (next(), next(), next(), next(), next(), next())
        else {
            return Err(invalid(
                "an ARN reads arn:<partition>:kms:<region>:<account>:key/<id>",
            ));
        };
        let (resource, id) = match resource.split_once('/') {
            Some((_, "")) | None => return Err(invalid("the ARN ends without a key id")),
            Some(("key", id)) => (ResourceType::Key, id),
            Some(("alias", id)) => (ResourceType::Alias, id),
            Some(_) => return Err(invalid("the ARN's resource is neither key/... nor alias/...")),
        };
        Ok(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource,
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match self.resource {
            ResourceType::Key => "key",
            ResourceType::Alias => "alias",
        };
        let Self {
            partition,
            region,
            account,
            id,
            ..
        } = self;
        write!(f, "arn:{partition}:kms:{region}:{account}:{resource}/{id}")
    }
}

impl fmt::Debug for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl KmsKeyId {
    /// The region its name says, if it does.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Arn(arn) => Some(arn.region()),
            Self::Alias(_) | Self::Id(_) => None,
        }
    }

    /// Whether a message wrapped under `arn` may be opened with this key. An alias is resolved by the
    /// service, which then has to name that very key.
    pub(super) fn may_open(&self, arn: &KeyArn) -> bool {
        match self {
            Self::Arn(own) if own.resource() == ResourceType::Key => own.same_key(arn),
            Self::Arn(own) => {
                (own.partition(), own.region(), own.account())
                    == (arn.partition(), arn.region(), arn.account())
            }
            Self::Alias(_) => true,
            Self::Id(id) => id == arn.id(),
        }
    }
}

impl FromStr for KmsKeyId {
    type Err = InvalidKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why| InvalidKeyArn {
            text: text.to_owned(),
            why,
        };
        if text.starts_with("arn:") {
            text.parse().map(Self::Arn)
        } else if let Some(name) = text.strip_prefix("alias/") {
            if name.is_empty() {
                return Err(invalid("the alias has no name"));
            }
            Ok(Self::Alias(text.to_owned()))
        } else if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            Err(invalid("give a key ARN, alias/<name> or a key id"))
        } else {
            Ok(Self::Id(text.to_owned()))
        }
    }
}

impl fmt::Display for KmsKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::Alias(text) | Self::Id(text) => text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const MULTI: &str = "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab";

    fn arn(text: &str) -> KeyArn {
        text.parse().unwrap()
    }

    #[test]
    fn an_arn_reads_back_as_it_was_written() {
        for text in [KEY, MULTI, "arn:aws-cn:kms:cn-north-1:1:alias/a/b:c"] {
            assert_eq!(arn(text).to_string(), text);
        }
    }

    #[test]
    fn every_part_must_be_there() {
        for text in [
            "",
            "arn",
            "arn:aws:kms:us-east-1:123456789012",
            "arn:aws:kms::123456789012:key/x",
            "arn::kms:us-east-1:123456789012:key/x",
            "arn:aws:s3:us-east-1:123456789012:key/x",
            "arn:aws:kms:us-east-1::key/x",
            "arn:aws:kms:us-east-1:123456789012:key",
            "arn:aws:kms:us-east-1:123456789012:key/",
            "arn:aws:kms:us-east-1:123456789012:grant/x",
            "xrn:aws:kms:us-east-1:123456789012:key/x",
        ] {
            assert!(text.parse::<KeyArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn replicas_are_one_key_and_other_keys_are_not() {
        let replica = arn(MULTI).in_region("eu-west-1");
        assert!(arn(MULTI).same_key(&replica));
        assert!(!arn(KEY).same_key(&arn(KEY).in_region("eu-west-1")));
        let alias = arn("arn:aws:kms:us-east-1:123456789012:alias/mrk-1");
        assert!(!alias.is_multi_region());
        let other_account = arn(&MULTI.replace("123456789012", "210987654321"));
        assert!(!arn(MULTI).same_key(&other_account));
    }

    #[test]
    fn the_configuration_may_name_a_key_in_three_ways() {
        assert!(matches!(KEY.parse(), Ok(KmsKeyId::Arn(_))));
        assert!(matches!("alias/claims".parse(), Ok(KmsKeyId::Alias(_))));
        assert!(matches!("1234abcd-12ab".parse(), Ok(KmsKeyId::Id(_))));
        for text in ["", "alias/", "two words", "arn:aws:kms"] {
            assert!(text.parse::<KmsKeyId>().is_err(), "{text}");
        }
    }
}
