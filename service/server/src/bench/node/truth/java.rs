//! A Java machine with archives: used, idle, opened in passing while a class was looked for, and nested in another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Result, bail};
use assay_core::observation::UseLevel;

use super::Workload;
use super::image::Image;

pub(super) const JAVA: Workload = Workload {
    runtime: "Java",
    needs: &[("/usr/bin/java", "default-jdk-headless"), ("/usr/bin/javac", "default-jdk-headless")],
    lay,
    owners,
    executed: UseLevel::Executed,
    // Reading an archive is the only use of what is nested in it that can be seen from outside the machine.
    blurred: &["maven/org.example/inner-idle@", "maven/org.example/searched@"],
};

const APP: &str = "srv/app/app.jar";
/// Inside the archive.
const INNER: &str = "BOOT-INF/lib";
const CLASSES: &str = "tmp/classes.log";

/// Name, version, and the folder or archive that it lies in. In this order they are on the class path.
const LIBRARIES: [(&str, &str, &str); 6] = [
    ("searched", "1.4", "srv/app/lib"),
    ("alpha", "1.1", "srv/app/lib"),
    ("beta", "1.2", "srv/app/lib"),
    ("idle", "1.3", "srv/app/lib"),
    ("inner", "2.0", INNER),
    ("inner-idle", "2.1", INNER),
];

/// Loads a class out of the nested archive, as applications in one archive do.
const MAIN: &str = r#"
package org.example;
import java.io.*;
import java.security.*;
import java.util.jar.*;
public class Main extends ClassLoader {
    // Its own before others': a search through the class path would open every archive there.
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        return name.startsWith("org.example.inner.") ? findClass(name) : super.loadClass(name, resolve);
    }
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        String at = "BOOT-INF/lib/inner-2.0.jar";
        try (JarInputStream in = new JarInputStream(Main.class.getResourceAsStream("/" + at))) {
            for (JarEntry e; (e = in.getNextJarEntry()) != null; )
                if (e.getName().equals(name.replace('.', '/') + ".class")) {
                    byte[] bytes = in.readAllBytes();
                    CodeSource from = new CodeSource(new java.net.URL("jar:file:/srv/app/app.jar!/" + at), (CodeSigner[]) null);
                    return defineClass(name, bytes, 0, bytes.length, new ProtectionDomain(from, null));
                }
        } catch (IOException e) { throw new ClassNotFoundException(name, e); }
        throw new ClassNotFoundException(name);
    }
    public static void main(String[] args) throws Exception {
        for (String name : new String[] { "alpha", "beta" }) Class.forName("org.example." + name + ".It").newInstance();
        Class.forName("org.example.inner.It", true, new Main()).newInstance();
    }
}
"#;

fn lay(image: &Image) -> Result<String> {
    let mut class_path = vec![format!("/{APP}")];
    for (name, version, at) in LIBRARIES {
        let source = format!("source/{name}");
        let package = name.replace('-', "_");
        let class = format!("package org.example.{package}; public class It {{}}");
        image.file(&format!("{source}/in/org/example/{package}/It.java"), class)?;
        let into = if at == INNER { format!("source/app/out/{INNER}") } else { at.to_owned() };
        let archive = format!("{into}/{name}-{version}.jar");
        pack(image, &source, name, version, &archive)?;
        if at != INNER {
            class_path.push(format!("/{archive}"));
        }
    }
    image.file("source/app/in/org/example/Main.java", MAIN)?;
    pack(image, "source/app", "app", "1.0", APP)?;
    fs::remove_dir_all(image.laid("source"))?;
    let log = format!("-Xlog:class+load:file=/{CLASSES}");
    Ok(format!("set -e; /usr/bin/java {log} -cp {} org.example.Main", class_path.join(":")))
}

/// Compiles what lies in `in` and packs it as Maven does; archives in it are stored, as they have to be.
fn pack(image: &Image, source: &str, name: &str, version: &str, archive: &str) -> Result<()> {
    let pom = format!("groupId=org.example\nartifactId={name}\nversion={version}\n");
    image.file(&format!("{source}/out/META-INF/maven/org.example/{name}/pom.properties"), pom)?;
    let (folder, at) = (image.laid(source), image.laid(archive));
    fs::create_dir_all(at.parent().unwrap_or(&folder))?;
    let sources = walk(&folder.join("in"))?;
    let out = folder.join("out");
    let mut compile = Command::new("javac");
    compile.arg("-nowarn").arg("-d").arg(&out).args(sources);
    let mut pack = Command::new("jar");
    pack.arg("-c0f").arg(&at).arg("-C").arg(&out).arg(".");
    for command in [&mut compile, &mut pack] {
        let done = command.output()?;
        if !done.status.success() {
            bail!("{:?}: {}", command.get_program(), String::from_utf8_lossy(&done.stderr));
        }
    }
    Ok(())
}

/// All sources below a folder.
fn walk(folder: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(walk(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

/// By the machine's own log of where each class came from, once it has opened its application.
fn owners(image: &Image, files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    if !files.contains(&format!("/{APP}")) {
        return Ok(BTreeSet::new());
    }
    let mut by_file: BTreeMap<String, String> = BTreeMap::from([("app.jar".to_owned(), "app@1.0".to_owned())]);
    by_file.extend(LIBRARIES.map(|(name, version, _)| (format!("{name}-{version}.jar"), format!("{name}@{version}"))));
    let log = image.written(CLASSES)?;
    let sources = log.lines().filter_map(|line| line.split_once(" source: ")).map(|(_, source)| source.trim());
    let files = sources.filter_map(|source| source.rsplit('/').find(|part| part.ends_with(".jar")));
    let packages = files.filter_map(|file| by_file.get(file));
    Ok(packages.map(|package| format!("maven/org.example/{package}")).collect())
}
